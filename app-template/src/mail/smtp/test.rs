//! Trying a server before its settings are stored.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::Deserializer;
use thiserror::Error;
use tokio::time::Instant;

use rpc_auth::Secret;
use rpc_core::ApiError;

use super::connection::SmtpConnection;
use super::fault::SmtpFault;
use super::{SmtpOptions, SmtpServer};
use crate::settings::{DEFAULT_SMTP_PORT, Settings};

/// The settings to try. What is missing is taken from the stored ones; so is an empty host, an empty password and port 0. An
/// empty user name means none: the server is tried without authentication.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SmtpOverride {
    /// Another host.
    pub smtp_hostname: Option<String>,
    /// Another port.
    pub smtp_port: Option<u16>,
    /// Another user name.
    pub smtp_username: Option<String>,
    /// Another password.
    #[serde(deserialize_with = "secret")]
    #[schemars(with = "Option<String>")]
    pub smtp_password: Option<Secret>,
}

impl SmtpOverride {
    /// Whether this is the account that is stored, so that the server asks nobody but whom it asks anyway.
    pub(crate) fn is_stored_server(&self, stored: &Settings) -> bool {
        let (hostname, port, username) = self.account(stored);
        stored.smtp_account() == (hostname.as_deref(), port, username.as_deref())
    }

    /// Host, port and user name, with what is missing from the stored settings.
    fn account(&self, stored: &Settings) -> (Option<String>, u16, Option<String>) {
        let hostname = self.smtp_hostname.clone().filter(|name| !name.is_empty());
        let port = self.smtp_port.filter(|port| *port > 0).or(stored.smtp_port);
        let username = self.smtp_username.clone().or_else(|| stored.smtp_username.clone());
        (
            hostname.or_else(|| stored.smtp_hostname.clone()),
            port.unwrap_or(DEFAULT_SMTP_PORT),
            username.filter(|name| !name.is_empty()),
        )
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.map(Secret::new))
}

/// Why a server cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SmtpTestError {
    /// There is no host, neither given nor stored.
    #[error("smtp_hostname is required")]
    NoHostname,
    /// The stored password belongs to another host, port or user name.
    #[error("smtp_password is required for another server")]
    NoPassword,
    /// The settings do not fit the server. Its own words, or what is the matter.
    #[error("{0}")]
    Settings(String),
    /// The server cannot be reached, or refuses. Its own words, or what is the matter.
    #[error("{0}")]
    Server(String),
    /// The server did not answer in time.
    #[error("the server did not answer in time")]
    TimedOut,
}

impl SmtpTestError {
    /// The HTTP status that tells it: 400 when other settings may help, 502 when another server, 504 when waiting.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::NoHostname | Self::NoPassword | Self::Settings(_) => 400,
            Self::Server(_) => 502,
            Self::TimedOut => 504,
        }
    }
}

impl From<SmtpTestError> for ApiError {
    fn from(error: SmtpTestError) -> Self {
        Self::new(error.status(), error.to_string())
    }
}

impl From<SmtpFault> for SmtpTestError {
    fn from(fault: SmtpFault) -> Self {
        let reason = fault.reply().map_or_else(|| fault.to_string(), |reply| reply.words.clone());
        match fault {
            SmtpFault::TimedOut => Self::TimedOut,
            SmtpFault::Credentials(_)
            | SmtpFault::Unencrypted
            | SmtpFault::NoStartTls
            | SmtpFault::NoAuthentication(_) => Self::Settings(reason),
            _ => Self::Server(reason),
        }
    }
}

/// Tries a server: connects, encrypts, authenticates, says goodbye. Nothing is sent. It takes [`SmtpOptions::timeout`] at most.
///
/// # Errors
///
/// The server cannot be used; see [`SmtpTestError`].
pub async fn test_smtp(given: &SmtpOverride, stored: &Settings, options: &SmtpOptions) -> Result<(), SmtpTestError> {
    let server = server(given, stored)?;
    let end = Instant::now() + options.timeout;
    let from = stored.smtp_from.as_deref().and_then(|from| from.parse::<lettre::message::Mailbox>().ok());
    let smtp = SmtpConnection::open(&server, options, from.as_ref().map(|from| from.email.domain())).await?;
    smtp.quit_by(end).await;
    Ok(())
}

/// The server to try. The stored password goes nowhere but to the account that it is stored for.
fn server(given: &SmtpOverride, stored: &Settings) -> Result<SmtpServer, SmtpTestError> {
    let (hostname, port, username) = given.account(stored);
    let hostname = hostname.ok_or(SmtpTestError::NoHostname)?;
    if [Some(&hostname), username.as_ref()].into_iter().flatten().any(|text| text.chars().any(char::is_control)) {
        return Err(SmtpTestError::Settings("smtp_hostname or smtp_username holds a control character".to_owned()));
    }
    let is_stored = given.is_stored_server(stored);
    let password = given.smtp_password.clone().filter(|password| !password.expose().is_empty());
    let password = match (&username, password) {
        (None, _) => None,
        (Some(_), Some(password)) => Some(password),
        (Some(_), None) if is_stored => stored.smtp_password.clone(),
        (Some(_), None) => return Err(SmtpTestError::NoPassword),
    };
    Ok(SmtpServer { hostname, port, username, password })
}
