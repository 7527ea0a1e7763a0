//! Mails over SMTP (RFC 5321).

mod connection;
mod fault;
mod implicit;
mod offers;
mod test;
mod trust;
mod wire;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Mailbox;
use rpc_auth::Secret;
use rpc_core::Clock;

use self::connection::SmtpConnection;
use super::message::message;
use super::{Mail, MailError, Mailer};
use crate::settings::{DEFAULT_SMTP_PORT, Settings};

pub use self::test::{SmtpOverride, SmtpTestError, test_smtp};
pub use self::trust::CertificatesError;

/// The port on which the connection is encrypted from its first byte (RFC 8314).
const SMTPS_PORT: u16 = 465;

/// Connections that are kept open between two mails.
const MAX_IDLE: usize = 4;

/// A server, and who the application is there.
#[derive(Debug, Clone)]
pub struct SmtpServer {
    /// A name or an IP address: what the server's certificate must be for.
    pub hostname: String,
    /// Its port; see [`SmtpTls`].
    pub port: u16,
    /// The user name; without one the application does not authenticate.
    pub username: Option<String>,
    /// The password. It is sent over verified TLS only, or to this machine itself.
    pub password: Option<Secret>,
}

impl SmtpServer {
    /// The server that settings name, if they name one.
    #[must_use]
    pub fn of(settings: &Settings) -> Option<Self> {
        Some(Self {
            hostname: settings.smtp_hostname.clone()?,
            port: settings.smtp_port.unwrap_or(DEFAULT_SMTP_PORT),
            username: settings.smtp_username.clone(),
            password: settings.smtp_password.clone(),
        })
    }

    /// Whether the server is this machine, by its name and by all its addresses: nobody listens on the way, and its certificate is
    /// often for another name.
    fn is_local(&self, addresses: &[SocketAddr]) -> bool {
        let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
        let is_named_so =
            self.hostname.eq_ignore_ascii_case("localhost") || self.hostname.parse().is_ok_and(is_loopback);
        is_named_so && addresses.iter().all(|address| is_loopback(address.ip()))
    }
}

/// When the connection to a server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SmtpTls {
    /// On port 465 from the first byte (RFC 8314), on others as soon as the server offers it.
    #[default]
    Auto,
    /// From the first byte, on every port.
    Implicit,
    /// By `STARTTLS` (RFC 3207), on every port. A server that does not offer it gets nothing.
    StartTls,
}

impl SmtpTls {
    fn is_implicit(self, port: u16) -> bool {
        self == Self::Implicit || (self == Self::Auto && port == SMTPS_PORT)
    }
}

/// How to speak with a server.
#[derive(Debug, Clone)]
pub struct SmtpOptions {
    /// The time to connect and to authenticate, and for each command after that. 10 seconds by default.
    pub timeout: Duration,
    /// The time until the server has taken a whole mail; some inspect it first. 60 seconds by default.
    pub transfer_timeout: Duration,
    /// When to encrypt.
    pub tls: SmtpTls,
    /// What the application calls itself in `EHLO`: a domain, or an address in brackets (RFC 5321, section 4.1.3). Without
    /// one it is the domain that mails come from.
    pub ehlo_name: Option<String>,
    /// Certificates in PEM that are trusted beside those that the system trusts.
    pub trusted: Vec<String>,
    /// Where to connect to, whatever the name of the server says. The certificate must still be for the name.
    pub connect_to: Option<SocketAddr>,
}

impl Default for SmtpOptions {
    fn default() -> Self {
        let (timeout, transfer_timeout) = (Duration::from_secs(10), Duration::from_secs(60));
        let (tls, ehlo_name) = (SmtpTls::default(), None);
        Self { timeout, transfer_timeout, tls, ehlo_name, trusted: Vec::new(), connect_to: None }
    }
}

/// A [`Mailer`] that hands mails to a server. Connections are kept for the next mail until it rests.
pub struct SmtpMailer {
    server: SmtpServer,
    from: Mailbox,
    options: SmtpOptions,
    clock: Arc<dyn Clock>,
    idle: Mutex<Vec<SmtpConnection>>,
}

impl SmtpMailer {
    /// Hands mails from `from` to a server.
    ///
    /// # Errors
    ///
    /// `from` is no address.
    pub fn new(server: SmtpServer, from: &str, options: SmtpOptions, clock: Arc<dyn Clock>) -> Result<Self, MailError> {
        let from = from.parse().map_err(|_| MailError::transient("smtp_from is no e-mail address"))?;
        Ok(Self { server, from, options, clock, idle: Mutex::new(Vec::new()) })
    }

    /// A connection that still works, or a new one.
    async fn smtp(&self) -> Result<SmtpConnection, MailError> {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut smtp) = kept else { break };
            if smtp.is_alive(self.options.timeout).await {
                return Ok(smtp);
            }
        }
        Ok(SmtpConnection::open(&self.server, &self.options, Some(self.from.email.domain())).await?)
    }

    fn keep(&self, smtp: SmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(smtp);
        }
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = message(mail, &self.from, self.clock.now())?;
        let mut smtp = self.smtp().await?;
        match smtp.send(&message, &self.options).await {
            Ok(()) => {
                self.keep(smtp);
                Ok(())
            }
            Err(fault) => {
                // Without an answer to the last command, whatever is said next may be taken for part of the mail.
                if fault.reply().is_some() {
                    smtp.quit().await;
                }
                Err(fault.into())
            }
        }
    }

    async fn rest(&self) {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(smtp) = kept else { return };
            smtp.quit().await;
        }
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer").field("server", &self.server).field("from", &self.from).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::SmtpServer;

    #[test]
    fn a_server_is_local_by_its_name_and_its_addresses() {
        for (hostname, addresses, is_local) in [
            ("localhost", &["127.0.0.1:25", "[::1]:25"][..], true),
            ("LOCALHOST", &["127.0.0.2:25"], true),
            ("127.0.0.1", &["127.0.0.1:25"], true),
            ("::ffff:127.0.0.1", &["[::ffff:127.0.0.1]:25"], true),
            ("localhost", &["192.0.2.1:25"], false),
            ("localhost", &["127.0.0.1:25", "192.0.2.1:25"], false),
            ("mail.example.com", &["127.0.0.1:25"], false),
            ("192.0.2.1", &["192.0.2.1:25"], false),
        ] {
            let addresses: Vec<SocketAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
            let hostname = hostname.to_owned();
            let server = SmtpServer { hostname, port: 25, username: None, password: None };
            assert_eq!(server.is_local(&addresses), is_local, "{server:?} {addresses:?}");
        }
    }
}
