//! A change of settings, as an administrator sends it.

mod rules;

use rpc_auth::Secret;
use rpc_core::{Timestamp, Violation};
use serde_json::{Map, Value};

use self::rules::Reader;
use super::Settings;

/// What to change: `None` leaves a setting as it is, `Some(None)` clears it.
///
/// ```
/// use app_template::settings::{Settings, SettingsChange};
/// use serde_json::json;
///
/// let mut settings = Settings::default();
/// let change = json!({"smtp_hostname": "mail.example.com", "smtp_port": 465});
/// let change = SettingsChange::parse(change.as_object().expect("an object")).expect("both are good");
/// change.apply(&mut settings, Default::default());
/// assert_eq!(settings.smtp_port, Some(465));
/// ```
#[derive(Debug, Clone, Default)]
pub struct SettingsChange {
    /// See [`Settings::app_url`].
    pub app_url: Option<Option<String>>,
    /// See [`Settings::smtp_from`].
    pub smtp_from: Option<Option<String>>,
    /// See [`Settings::smtp_hostname`].
    pub smtp_hostname: Option<Option<String>>,
    /// See [`Settings::smtp_port`].
    pub smtp_port: Option<Option<u16>>,
    /// See [`Settings::smtp_username`].
    pub smtp_username: Option<Option<String>>,
    /// See [`Settings::smtp_password`].
    pub smtp_password: Option<Option<Secret>>,
    /// See [`Settings::telegram_bot_name`].
    pub telegram_bot_name: Option<Option<String>>,
    /// See [`Settings::telegram_bot_key`].
    pub telegram_bot_key: Option<Option<Secret>>,
    /// See [`Settings::telegram_bot_enabled`].
    pub telegram_bot_enabled: Option<bool>,
    /// See [`Settings::telegram_signin_enabled`].
    pub telegram_signin_enabled: Option<bool>,
}

impl SettingsChange {
    /// Reads a change: any of the settings, each with a value that it takes, or with `null` to clear it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, each at its pointer `/0/<key>`, without the value.
    pub fn parse(members: &Map<String, Value>) -> Result<Self, Vec<Violation>> {
        let mut reader = Reader::new(members);
        let change = Self {
            app_url: reader.text("app_url", rules::app_url),
            smtp_from: reader.text("smtp_from", rules::mailbox),
            smtp_hostname: reader.text("smtp_hostname", rules::hostname),
            smtp_port: reader.port("smtp_port"),
            smtp_username: reader.text("smtp_username", rules::one_line),
            smtp_password: reader.secret("smtp_password"),
            telegram_bot_name: reader.text("telegram_bot_name", rules::telegram_name),
            telegram_bot_key: reader.secret("telegram_bot_key"),
            telegram_bot_enabled: reader.switch("telegram_bot_enabled"),
            telegram_signin_enabled: reader.switch("telegram_signin_enabled"),
        };
        reader.finish().map(|()| change)
    }

    /// Whether root alone may make the change, in a session: it names `app_url` or something of the mail account. Whoever reads
    /// the mails, or has their links lead elsewhere, resets every password, and so holds what everybody holds.
    #[must_use]
    pub fn is_for_root(&self) -> bool {
        // Names every setting, so that each further one has to be decided on.
        let Self {
            app_url,
            smtp_from,
            smtp_hostname,
            smtp_port,
            smtp_username,
            smtp_password,
            telegram_bot_name: _,
            telegram_bot_key: _,
            telegram_bot_enabled: _,
            telegram_signin_enabled: _,
        } = self;
        let texts = [app_url, smtp_from, smtp_hostname, smtp_username];
        texts.into_iter().any(Option::is_some) || smtp_port.is_some() || smtp_password.is_some()
    }

    /// Applies the change. Where it names another SMTP host, port or user name and no password, the stored password is
    /// cleared: it belongs to the account that it was entered for.
    pub fn apply(&self, settings: &mut Settings, now: Timestamp) {
        let before = settings.clone();
        set(&mut settings.app_url, self.app_url.as_ref());
        set(&mut settings.smtp_from, self.smtp_from.as_ref());
        set(&mut settings.smtp_hostname, self.smtp_hostname.as_ref());
        set(&mut settings.smtp_port, self.smtp_port.as_ref());
        set(&mut settings.smtp_username, self.smtp_username.as_ref());
        if settings.smtp_account() != before.smtp_account() {
            settings.smtp_password = None;
        }
        set(&mut settings.smtp_password, self.smtp_password.as_ref());
        set(&mut settings.telegram_bot_name, self.telegram_bot_name.as_ref());
        set(&mut settings.telegram_bot_key, self.telegram_bot_key.as_ref());
        set(&mut settings.telegram_bot_enabled, self.telegram_bot_enabled.as_ref());
        set(&mut settings.telegram_signin_enabled, self.telegram_signin_enabled.as_ref());
        settings.updated = now;
    }
}

fn set<T: Clone>(setting: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        setting.clone_from(value);
    }
}

#[cfg(test)]
mod tests {
    use rpc_core::Timestamp;
    use serde_json::{Value, json};

    use super::{Settings, SettingsChange};

    fn parse(change: &Value) -> Result<SettingsChange, Vec<String>> {
        let told = |violations: Vec<rpc_core::Violation>| {
            violations.into_iter().map(|violation| format!("{} {}", violation.pointer, violation.keyword)).collect()
        };
        SettingsChange::parse(change.as_object().unwrap()).map_err(told)
    }

    fn with(settings: &mut Settings, change: &Value) {
        parse(change).unwrap().apply(settings, Timestamp::from_millis(1));
    }

    fn stored() -> Settings {
        let mut settings = Settings::default();
        with(
            &mut settings,
            &json!({"smtp_hostname": "a.example", "smtp_username": "ann", "smtp_password": "hunter2",
                    "telegram_bot_key": "1:key"}),
        );
        settings
    }

    #[test]
    fn a_bad_value_is_named_by_its_pointer_and_keyword() {
        let long = "x".repeat(2000);
        for (key, value, keyword) in [
            ("app_url", json!("ftp://example.com"), "format"),
            ("app_url", json!("example.com"), "format"),
            ("app_url", json!("https://example.com/#top"), "format"),
            ("app_url", json!("https://ann:x@example.com"), "format"),
            ("app_url", json!("https://exa mple.com"), "format"),
            ("app_url", json!("https://example.com/\n"), "format"),
            ("app_url", json!("https://example.com/\"x"), "format"),
            ("app_url", json!(1), "type"),
            ("app_url", json!(""), "minLength"),
            ("app_url", json!(long), "maxLength"),
            ("smtp_from", json!("nobody"), "format"),
            ("smtp_from", json!("a@example.com\r\nBcc: b@example.com"), "format"),
            ("smtp_from", json!("A <a@example.com>, B <b@example.com>"), "format"),
            ("smtp_hostname", json!("https://mail.example.com"), "format"),
            ("smtp_hostname", json!("mail.example.com:25"), "format"),
            ("smtp_hostname", json!("mail example"), "format"),
            ("smtp_hostname", json!("mail.example.com\r\n"), "format"),
            ("smtp_port", json!(0), "minimum"),
            ("smtp_port", json!(-1), "minimum"),
            ("smtp_port", json!(65_536), "maximum"),
            ("smtp_port", json!("25"), "type"),
            ("smtp_port", json!(25.5), "type"),
            ("smtp_username", json!("ann\r\nQUIT"), "format"),
            ("smtp_password", json!("a\0b"), "format"),
            ("smtp_password", json!(["x"]), "type"),
            ("telegram_bot_name", json!("a b"), "format"),
            ("telegram_bot_key", json!(false), "type"),
            ("telegram_bot_enabled", json!(null), "type"),
            ("telegram_bot_enabled", json!("true"), "type"),
            ("telegram_signin_enabled", json!(1), "type"),
            ("updated", json!("2023-11-14T22:13:20.123Z"), "additionalProperties"),
            ("smtp_password_set", json!(true), "additionalProperties"),
            ("a/b~c", json!(1), "additionalProperties"),
        ] {
            let pointer = rpc_core::pointer::escape(key);
            let refused = parse(&json!({key: value})).unwrap_err();
            assert_eq!(refused, [format!("/0/{pointer} {keyword}")], "{key}: {value}");
        }
    }

    #[test]
    fn every_violation_is_told_and_none_tells_the_value() {
        let change = json!({"nope": "canary", "app_url": "canary", "smtp_port": 0, "smtp_password": "canary\n"});
        let violations = SettingsChange::parse(change.as_object().unwrap()).unwrap_err();
        assert_eq!(violations.len(), 4);
        assert!(!format!("{violations:?}").contains("canary"));
    }

    #[test]
    fn good_values_are_kept_as_they_were_sent() {
        for (key, value) in [
            ("app_url", "https://example.com"),
            ("app_url", "http://localhost:3000/app/?a=1"),
            ("smtp_from", "a@example.com"),
            ("smtp_from", "Ann's Shop <a@example.com>"),
            ("smtp_hostname", "mail.example.com"),
            ("smtp_hostname", "mail"),
            ("smtp_hostname", "192.0.2.1"),
            ("smtp_hostname", "2001:db8::1"),
            ("smtp_username", "ann@example.com"),
            ("telegram_bot_name", "shop_bot"),
        ] {
            let mut settings = Settings::default();
            with(&mut settings, &json!({key: value}));
            assert_eq!(serde_json::to_value(settings.public()).unwrap()[key], value);
        }
    }

    #[test]
    fn null_clears_and_what_is_not_named_stays() {
        let mut settings = stored();
        with(&mut settings, &json!({"telegram_bot_key": null, "smtp_port": 587}));
        assert!(settings.telegram_bot_key.is_none());
        assert_eq!(settings.smtp_hostname.as_deref(), Some("a.example"));
        assert_eq!(settings.smtp_port, Some(587));
    }

    #[test]
    fn another_smtp_account_without_a_password_clears_the_stored_one() {
        for (change, kept) in [
            (json!({"smtp_hostname": "b.example"}), None),
            (json!({"smtp_hostname": null}), None),
            (json!({"smtp_port": 25}), None),
            (json!({"smtp_username": "bob"}), None),
            (json!({"smtp_username": null}), None),
            (json!({"smtp_hostname": "b.example", "smtp_password": "new"}), Some("new")),
            (json!({"smtp_hostname": "a.example", "smtp_username": "ann"}), Some("hunter2")),
            (json!({"smtp_port": 587}), Some("hunter2")),
            (json!({"smtp_from": "a@example.com"}), Some("hunter2")),
            (json!({"smtp_password": null}), None),
            (json!({}), Some("hunter2")),
        ] {
            let mut settings = stored();
            with(&mut settings, &change);
            assert_eq!(settings.smtp_password.as_ref().map(rpc_auth::Secret::expose), kept, "{change}");
        }
    }

    #[test]
    fn secrets_are_in_no_text_form() {
        let settings = stored();
        let change = parse(&json!({"smtp_password": "hunter2", "telegram_bot_key": "1:key"})).unwrap();
        let texts = [
            format!("{settings:?} {change:?}"),
            format!("{:?}", settings.public()),
            serde_json::to_string(&settings.public()).unwrap(),
        ];
        assert!(texts.iter().all(|text| !text.contains("hunter2") && !text.contains("1:key")));
        assert!(texts[2].contains("\"smtp_password_set\":true"));
    }
}
