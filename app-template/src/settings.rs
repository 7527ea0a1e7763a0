//! Settings that administrators change through the API while the application runs; those that need a restart are
//! configuration.

mod change;
mod current;
mod memory;
mod seal;
mod store;
mod view;

use rpc_auth::Secret;
use rpc_core::Timestamp;

pub use self::change::SettingsChange;
pub use self::current::{CurrentSettings, TOPIC};
pub use self::memory::MemorySettings;
pub use self::seal::{KeyError, SealError, SecretBox};
pub use self::store::{SettingsError, SettingsStore};
pub use self::view::PublicSettings;

/// The port of submission (RFC 6409), where no other is set.
pub const DEFAULT_SMTP_PORT: u16 = 587;

/// The settings of the application, which administrators change.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where users find the application's pages: what links in mails begin with.
    pub app_url: Option<String>,
    /// Whom mails come from: an address, or `Name <address>`.
    pub smtp_from: Option<String>,
    /// The server that takes mails. Without one they go to the log.
    pub smtp_hostname: Option<String>,
    /// Its port; [`DEFAULT_SMTP_PORT`] when unset. When the connection is encrypted is up to [`SmtpTls`](crate::mail::SmtpTls).
    pub smtp_port: Option<u16>,
    /// Who the application is there.
    pub smtp_username: Option<String>,
    /// What proves it.
    pub smtp_password: Option<Secret>,
    /// The Telegram bot's name.
    pub telegram_bot_name: Option<String>,
    /// The Telegram bot's key.
    pub telegram_bot_key: Option<Secret>,
    /// Whether the bot answers.
    pub telegram_bot_enabled: bool,
    /// Whether users may sign in through Telegram.
    pub telegram_signin_enabled: bool,
    /// When a setting was changed last; the epoch before the first change.
    pub updated: Timestamp,
}

impl Settings {
    /// What administrators see: everything but the secrets, of which they learn whether they are set.
    #[must_use]
    pub fn public(&self) -> PublicSettings {
        PublicSettings::of(self)
    }

    /// Where the stored password may go, and as whose: host, port in effect, user name.
    #[must_use]
    pub fn smtp_account(&self) -> (Option<&str>, u16, Option<&str>) {
        let port = self.smtp_port.unwrap_or(DEFAULT_SMTP_PORT);
        (self.smtp_hostname.as_deref(), port, self.smtp_username.as_deref())
    }
}
