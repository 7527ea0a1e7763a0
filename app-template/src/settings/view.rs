//! Settings without their secrets.

use rpc_core::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::Settings;

/// The application's settings, as administrators read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PublicSettings {
    /// Where users find the application's pages.
    pub app_url: Option<String>,
    /// Whom mails come from.
    pub smtp_from: Option<String>,
    /// The server that takes mails.
    pub smtp_hostname: Option<String>,
    /// Its port.
    pub smtp_port: Option<u16>,
    /// Who the application is there.
    pub smtp_username: Option<String>,
    /// Whether a password is stored.
    pub smtp_password_set: bool,
    /// The Telegram bot's name.
    pub telegram_bot_name: Option<String>,
    /// Whether the Telegram bot's key is stored.
    pub telegram_bot_key_set: bool,
    /// Whether the bot answers.
    pub telegram_bot_enabled: bool,
    /// Whether users may sign in through Telegram.
    pub telegram_signin_enabled: bool,
    /// When a setting was changed last; `null` before the first change.
    pub updated: Option<Timestamp>,
}

impl PublicSettings {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            app_url: settings.app_url.clone(),
            smtp_from: settings.smtp_from.clone(),
            smtp_hostname: settings.smtp_hostname.clone(),
            smtp_port: settings.smtp_port,
            smtp_username: settings.smtp_username.clone(),
            smtp_password_set: settings.smtp_password.is_some(),
            telegram_bot_name: settings.telegram_bot_name.clone(),
            telegram_bot_key_set: settings.telegram_bot_key.is_some(),
            telegram_bot_enabled: settings.telegram_bot_enabled,
            telegram_signin_enabled: settings.telegram_signin_enabled,
            updated: (settings.updated != Timestamp::default()).then_some(settings.updated),
        }
    }
}
