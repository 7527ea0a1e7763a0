//! The form in which mails travel (RFC 5322).

use std::error::Error;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use super::{Mail, MailError};

/// Tells machines that a machine wrote this, so that they do not answer (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The whole of a mail, with both its forms. `now` is the time since the Unix epoch. The id stays the same however often it is
/// sent, so that a mail that arrived twice can be told.
pub(super) fn message(mail: &Mail, from: &Mailbox, now: Duration) -> Result<lettre::Message, MailError> {
    let domain = from.email.domain();
    lettre::Message::builder()
        .from(from.clone())
        .to(mail.to.clone())
        .subject(mail.subject())
        .date(UNIX_EPOCH + now)
        .message_id(Some(format!("<{:032x}@{domain}>", mail.id)))
        .header(AutoSubmitted)
        .multipart(MultiPart::alternative_plain_html(mail.text().to_owned(), mail.html().to_owned()))
        .map_err(|error| MailError::permanent(format!("the mail cannot be written: {error}")))
}
