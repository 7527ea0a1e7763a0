//! What goes wrong with a server.

use std::error::Error;
use std::io;

use data_encoding::BASE64;
use lettre::transport::smtp;
use thiserror::Error;

use super::SmtpServer;
use crate::mail::MailError;

/// Characters of a reply that are told on.
const LONGEST_REPLY: usize = 500;

/// A conversation with a server failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum SmtpFault {
    /// There is no connection.
    #[error("{0}")]
    Unreachable(String),
    /// The server said nothing for too long.
    #[error("the server did not answer in time")]
    TimedOut,
    /// There is no encryption that can be trusted.
    #[error("the connection cannot be encrypted: {0}")]
    Tls(String),
    /// The server offers no encryption, and so learns no password.
    #[error("the server offers no encryption, so the password is not sent")]
    Unencrypted,
    /// The server offers no encryption, and the settings of the process ask for it.
    #[error("the server offers no encryption, and `smtp-tls` is starttls")]
    NoStartTls,
    /// The server offers no way to authenticate that is known here: the names of those that it offers.
    #[error("the server offers {}", in_words(.0))]
    NoAuthentication(Vec<String>),
    /// The server refuses the credentials of the application.
    #[error("the server refuses the user name or the password")]
    Credentials(Reply),
    /// The server refuses something else.
    #[error("the server refuses")]
    Refused(Reply),
    /// What the server says is no SMTP, or it hung up.
    #[error("the server hung up, or speaks no SMTP")]
    Nonsense,
    /// The recipient's address needs what the server cannot do.
    #[error("the server takes no addresses with characters beyond ASCII")]
    NoSmtpUtf8,
}

/// A refusal in the server's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    is_permanent: bool,
    pub(super) words: String,
}

impl SmtpFault {
    /// What a step of the conversation failed with.
    pub(super) fn of(error: &smtp::Error, server: &SmtpServer) -> Self {
        match error.status() {
            Some(code) => Self::Refused(Reply {
                is_permanent: error.is_permanent(),
                words: words(&format!("{code} {}", cause_in_words(error)), server),
            }),
            None if error.is_timeout() => Self::TimedOut,
            None => Self::Nonsense,
        }
    }

    /// What connecting or encrypting failed with.
    pub(super) fn of_connection(error: &smtp::Error, server: &SmtpServer) -> Self {
        let cause = cause(error).and_then(|cause| cause.downcast_ref::<io::Error>());
        match (Self::of(error, server), cause) {
            (Self::Nonsense, Some(error)) if error.get_ref().is_none() => Self::unreachable(error, server),
            (Self::Nonsense, _) if !error.is_response() => Self::Tls(words(&cause_in_words(error), server)),
            (other, _) => other,
        }
    }

    /// There is no connection.
    pub(super) fn unreachable(error: &io::Error, server: &SmtpServer) -> Self {
        if error.kind() == io::ErrorKind::TimedOut {
            return Self::TimedOut;
        }
        let SmtpServer { hostname, port, .. } = server;
        Self::Unreachable(format!("{hostname} cannot be reached on port {port}: {}", error.kind()))
    }

    /// What an authentication failed with.
    pub(super) fn of_authentication(error: &smtp::Error, server: &SmtpServer) -> Self {
        match Self::of(error, server) {
            Self::Refused(reply) => Self::Credentials(reply),
            other => other,
        }
    }

    /// The server's own words.
    pub(super) fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Credentials(reply) | Self::Refused(reply) => Some(reply),
            _ => None,
        }
    }
}

impl From<SmtpFault> for MailError {
    fn from(fault: SmtpFault) -> Self {
        // Another password in the settings, or at the server, mends what is wrong with the credentials: no fault of the mail.
        let is_permanent = match &fault {
            SmtpFault::NoSmtpUtf8 => true,
            SmtpFault::Refused(reply) => reply.is_permanent,
            _ => false,
        };
        let error = if is_permanent { Self::permanent(fault.to_string()) } else { Self::transient(fault.to_string()) };
        match fault.reply() {
            Some(reply) => error.with_reply(reply.words.clone()),
            None => error,
        }
    }
}

fn in_words(mechanisms: &[String]) -> String {
    match mechanisms {
        [] => "no authentication".to_owned(),
        names => format!("no authentication by PLAIN or LOGIN, but by {}", names.join(", ")),
    }
}

/// The first of all causes.
fn cause(error: &smtp::Error) -> Option<&(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source()).last()
}

fn cause_in_words(error: &smtp::Error) -> String {
    cause(error).map(ToString::to_string).unwrap_or_default()
}

/// A server's words on one line, of bounded length, without the password, should the server repeat it.
fn words(reply: &str, server: &SmtpServer) -> String {
    let mut words = reply.to_owned();
    if let Some(password) = server.password.as_ref().map(|password| password.expose()) {
        let username = server.username.as_deref().unwrap_or_default();
        let plain = BASE64.encode(format!("\0{username}\0{password}").as_bytes());
        for secret in [password, &BASE64.encode(password.as_bytes()), &plain] {
            words = words.replace(secret, "…");
        }
    }
    let words = words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(LONGEST_REPLY).collect()
}

#[cfg(test)]
mod tests {
    use rpc_auth::Secret;

    use super::{SmtpServer, words};

    #[test]
    fn words_of_a_server_are_one_line_without_the_password() {
        let server = SmtpServer {
            hostname: "mail.example.com".to_owned(),
            port: 587,
            username: Some("ann".to_owned()),
            password: Some(Secret::new("hunter2")),
        };
        let reply = "535 no:\r\n\u{1b}[31m hunter2 aHVudGVyMg== AGFubgBodW50ZXIy";
        assert_eq!(words(reply, &server), "535 no: [31m … … …");
        assert_eq!(words(&"x".repeat(10_000), &server).len(), 500);
    }
}
