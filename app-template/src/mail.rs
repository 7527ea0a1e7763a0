//! Mails: what they say, and how they are sent.
//!
//! [`Mails`] renders a mail from its template and puts it into the [`MailQueue`], which hands it to a [`Mailer`] and tries
//! again for a while when that fails for now.

mod fallback;
mod front;
mod memory;
mod message;
mod queue;
mod route;
mod smtp;
mod templates;

use std::fmt;

use async_trait::async_trait;
use lettre::Address;
use lettre::message::Mailbox;
use thiserror::Error;

pub use self::fallback::{FileMailer, LogMailer};
pub use self::front::{Addressee, Mails};
pub use self::memory::MemoryMailer;
pub use self::queue::{MailCounters, MailQueue, QueueOptions};
pub use self::route::SettingsMailer;
pub use self::smtp::{
    CertificatesError, SmtpMailer, SmtpOptions, SmtpOverride, SmtpServer, SmtpTestError, SmtpTls, test_smtp,
};
pub use self::templates::{MailKind, MailTemplates, MailVariables, TemplateError};

/// Sends mails, or hands them on.
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Hands a mail on. When this returns, somebody else is responsible for it.
    ///
    /// # Errors
    ///
    /// Nobody does; [`MailError::is_permanent`] tells whether trying again makes sense.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;

    /// Called when there are no more mails for now: what was kept open for the next one may be closed.
    async fn rest(&self) {}
}

/// A mail to one recipient. What is in a header of it holds no line end: it cannot begin another header.
#[derive(Clone)]
pub struct Mail {
    id: u128,
    to: Mailbox,
    subject: String,
    text: String,
    html: String,
}

/// A mail cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ContentError {
    /// The recipient is no address.
    #[error("the recipient is no e-mail address")]
    Recipient,
    /// The subject would end its line.
    #[error("the subject holds a control character")]
    Subject,
    /// The system gives no random bytes for an id.
    #[error("the system gives no random bytes")]
    Random,
}

impl Mail {
    /// A mail to an address, with a form for readers of text and one for readers of HTML.
    ///
    /// # Errors
    ///
    /// The recipient is no address, or the subject holds a control character, such as a line end.
    pub fn new(
        to: &str,
        subject: impl Into<String>,
        text: impl Into<String>,
        html: impl Into<String>,
    ) -> Result<Self, ContentError> {
        let (subject, mut id) = (subject.into(), [0; 16]);
        if to.chars().any(char::is_control) {
            return Err(ContentError::Recipient);
        }
        let to = Mailbox::new(None, to.parse::<Address>().map_err(|_| ContentError::Recipient)?);
        if subject.chars().any(|c| c.is_control() || ['\u{2028}', '\u{2029}'].contains(&c)) {
            return Err(ContentError::Subject);
        }
        getrandom::fill(&mut id).map_err(|_| ContentError::Random)?;
        Ok(Self { id: u128::from_be_bytes(id), to, subject, text: text.into(), html: html.into() })
    }

    /// The recipient's address.
    #[must_use]
    pub fn to(&self) -> &str {
        self.to.email.as_ref()
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The form for readers of text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The form for readers of HTML.
    #[must_use]
    pub fn html(&self) -> &str {
        &self.html
    }
}

/// The contents may hold a link that lets in whoever has it.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("to", &self.to()).field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Why a mail was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct MailError {
    permanent: bool,
    reason: String,
    reply: Option<String>,
}

impl MailError {
    /// It may work later.
    pub fn transient(reason: impl Into<String>) -> Self {
        Self { permanent: false, reason: reason.into(), reply: None }
    }

    /// It will not work later either.
    pub fn permanent(reason: impl Into<String>) -> Self {
        Self { permanent: true, reason: reason.into(), reply: None }
    }

    /// Adds what the server said.
    #[must_use]
    pub fn with_reply(mut self, reply: impl Into<String>) -> Self {
        self.reply = Some(reply.into());
        self
    }

    /// Whether trying again is of no use.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }

    /// The server's own words: `550 5.1.1 no such user`.
    #[must_use]
    pub fn reply(&self) -> Option<&str> {
        self.reply.as_deref()
    }
}
