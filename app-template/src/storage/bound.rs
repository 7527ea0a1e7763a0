//! What the secrets among the settings belong to.

use serde_json::json;

use crate::settings::Settings;

/// A secret among the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BoundSecret {
    SmtpPassword,
    TelegramBotKey,
}

impl BoundSecret {
    pub(super) const ALL: [Self; 2] = [Self::SmtpPassword, Self::TelegramBotKey];

    /// The setting, as the API calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SmtpPassword => "smtp_password",
            Self::TelegramBotKey => "telegram_bot_key",
        }
    }

    /// What it is sealed for: whom it may be told, and as whose.
    pub(super) fn account(self, settings: &Settings) -> String {
        match self {
            Self::SmtpPassword => json!(settings.smtp_account()).to_string(),
            Self::TelegramBotKey => json!(settings.telegram_bot_name).to_string(),
        }
    }

    /// The settings that the account is made of, for people.
    pub(super) fn account_names(self) -> &'static str {
        match self {
            Self::SmtpPassword => "smtp_hostname, smtp_port or smtp_username",
            Self::TelegramBotKey => "telegram_bot_name",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BoundSecret;
    use crate::settings::Settings;

    #[test]
    fn accounts_differ_wherever_a_secret_would_go_elsewhere() {
        let of = |hostname: Option<&str>, smtp_port, username: Option<&str>| {
            let (smtp_hostname, smtp_username) = (hostname.map(str::to_owned), username.map(str::to_owned));
            let settings = Settings { smtp_hostname, smtp_port, smtp_username, ..Settings::default() };
            BoundSecret::SmtpPassword.account(&settings)
        };
        let account = of(Some("a.example"), None, Some("ann"));
        assert_eq!(account, of(Some("a.example"), Some(587), Some("ann")), "the port in effect");
        for other in [
            of(Some("b.example"), None, Some("ann")),
            of(Some("a.example"), Some(25), Some("ann")),
            of(Some("a.example"), None, Some("bob")),
            of(Some("a.example"), None, None),
            of(None, None, Some("ann")),
            of(Some("a.example\",587,\"ann"), None, None),
        ] {
            assert_ne!(account, other);
        }
    }
}
