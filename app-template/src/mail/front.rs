//! The mails of the application, each a method.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rpc_auth::{MailCause, Secret};

use super::{MailKind, MailQueue, MailTemplates, MailVariables};
use crate::settings::CurrentSettings;

/// For how long links are good, as mails tell it.
#[derive(Debug, Clone, Copy)]
struct Lifetimes {
    confirmation: Duration,
    reset: Duration,
}

/// Whom a mail is for, and who caused it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The address.
    pub address: String,
    /// What to call the user; `None` where nobody has confirmed that the address is theirs.
    pub user_name: Option<String>,
    /// Whose share of the queue the mail takes.
    pub cause: MailCause,
}

/// The mails of the application: each method renders one and queues it, at once. Clones share everything.
#[derive(Clone)]
pub struct Mails(Arc<Parts>);

struct Parts {
    templates: MailTemplates,
    queue: MailQueue,
    settings: CurrentSettings,
    app_name: String,
    lifetimes: Lifetimes,
    /// Whether the log tells already that links cannot be made.
    warned: AtomicBool,
}

impl Mails {
    /// Mails of an application with a name. `confirmation` and `reset` are how long the tokens in links are good. Whenever the
    /// settings change, mails that wait are tried at once.
    #[must_use]
    pub fn new(
        templates: MailTemplates,
        queue: MailQueue,
        settings: CurrentSettings,
        app_name: impl Into<String>,
        confirmation: Duration,
        reset: Duration,
    ) -> Self {
        queue.retry_after(settings.changes());
        let lifetimes = Lifetimes { confirmation, reset };
        let warned = AtomicBool::new(false);
        Self(Arc::new(Parts { templates, queue, settings, app_name: app_name.into(), lifetimes, warned }))
    }

    /// Confirm that this is your address.
    pub fn confirm_email(&self, to: &Addressee, token: &Secret) {
        self.with_link(MailKind::ConfirmEmail, to, token, self.0.lifetimes.confirmation);
    }

    /// Set a new password.
    pub fn reset_password(&self, to: &Addressee, token: &Secret) {
        self.with_link(MailKind::ResetPassword, to, token, self.0.lifetimes.reset);
    }

    /// Set the first password of an account that was made without one.
    pub fn set_password(&self, to: &Addressee, token: &Secret) {
        self.with_link(MailKind::SetPassword, to, token, self.0.lifetimes.reset);
    }

    /// Somebody tried to sign up with your address.
    pub fn address_in_use(&self, to: &Addressee) {
        self.queue(MailKind::AddressInUse, to, self.variables(to));
    }

    /// Your account has another address now: to the one before.
    pub fn address_changed(&self, to: &Addressee) {
        self.queue(MailKind::AddressChanged, to, self.variables(to));
    }

    /// The queue of mails.
    #[must_use]
    pub fn outbox(&self) -> &MailQueue {
        &self.0.queue
    }

    fn variables(&self, to: &Addressee) -> MailVariables {
        MailVariables {
            app_name: self.0.app_name.clone(),
            app_url: self.0.settings.current().app_url.clone(),
            user_name: to.user_name.clone(),
            ..MailVariables::default()
        }
    }

    fn with_link(&self, kind: MailKind, to: &Addressee, token: &Secret, lifetime: Duration) {
        let variables = self.variables(to);
        let Some(app_url) = &variables.app_url else { return self.warn_of_no_app_url() };
        self.0.warned.store(false, Ordering::Relaxed);
        let link = kind.link_path().map(|path| format!("{app_url}{path}{}", token.expose()));
        self.queue(kind, to, MailVariables { link, lifetime: Some(in_words(lifetime)), ..variables });
    }

    /// Once, until the setting was there.
    fn warn_of_no_app_url(&self) {
        if !self.0.warned.swap(true, Ordering::Relaxed) {
            let hint = "set app_url, and mails with links are sent";
            tracing::warn!(event = "mail.no_app_url", "a mail with a link was not sent: {hint}");
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "the callers have no further use for them")]
    fn queue(&self, kind: MailKind, to: &Addressee, variables: MailVariables) {
        match self.0.templates.render(kind, &to.address, &variables) {
            Ok(mail) => self.0.queue.push(mail, to.cause),
            Err(error) => {
                tracing::error!(event = "mail.unwritten", kind = kind.name(), %error, "a mail cannot be written: {error}");
            }
        }
    }
}

impl fmt::Debug for Mails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mails").field("queue", &self.0.queue).finish_non_exhaustive()
    }
}

/// A duration as people say it, in the largest unit that divides it: `24 hours`, `30 minutes`.
fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        day if day % 86_400 == 0 && day > 86_400 => (day / 86_400, "day"),
        hour if hour % 3600 == 0 => (hour / 3600, "hour"),
        minute if minute % 60 == 0 => (minute / 60, "minute"),
        second => (second, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::in_words;

    #[test]
    fn a_lifetime_is_told_in_the_largest_unit_that_divides_it() {
        for (seconds, words) in [
            (86_400, "24 hours"),
            (172_800, "2 days"),
            (3600, "1 hour"),
            (1800, "30 minutes"),
            (5400, "90 minutes"),
            (60, "1 minute"),
            (45, "45 seconds"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
