//! The mailer that the settings name.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rpc_core::Clock;

use super::{Mail, MailError, Mailer, SmtpMailer, SmtpOptions, SmtpServer};
use crate::settings::{CurrentSettings, Settings};

/// Chooses the [`Mailer`] for each mail by the settings in effect: SMTP when a host is set, else the fallback.
pub struct SettingsMailer {
    settings: CurrentSettings,
    fallback: Arc<dyn Mailer>,
    options: SmtpOptions,
    clock: Arc<dyn Clock>,
    smtp: Mutex<Option<(Arc<Settings>, Arc<SmtpMailer>)>>,
}

impl SettingsMailer {
    /// Sends by SMTP with `options`, or by `fallback` while no host is set.
    #[must_use]
    pub fn new(
        settings: CurrentSettings,
        fallback: Arc<dyn Mailer>,
        options: SmtpOptions,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { settings, fallback, options, clock, smtp: Mutex::new(None) }
    }

    /// The mailer for a server, kept for as long as the settings are the same; `None` when they name no server.
    fn smtp(&self) -> Option<Result<Arc<SmtpMailer>, MailError>> {
        let settings = self.settings.current();
        let mut smtp = self.smtp.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made_for, mailer)) = &*smtp
            && Arc::ptr_eq(made_for, &settings)
        {
            return Some(Ok(Arc::clone(mailer)));
        }
        *smtp = None;
        let server = SmtpServer::of(&settings)?;
        let Some(from) = settings.smtp_from.as_deref() else {
            return Some(Err(MailError::transient("smtp_from is not set")));
        };
        let mailer = SmtpMailer::new(server, from, self.options.clone(), Arc::clone(&self.clock)).map(Arc::new);
        if let Ok(mailer) = &mailer {
            *smtp = Some((settings, Arc::clone(mailer)));
        }
        Some(mailer)
    }
}

#[async_trait]
impl Mailer for SettingsMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        match self.smtp() {
            Some(mailer) => mailer?.send(mail).await,
            None => self.fallback.send(mail).await,
        }
    }

    async fn rest(&self) {
        let smtp =
            self.smtp.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(_, mailer)| Arc::clone(mailer));
        if let Some(mailer) = smtp {
            mailer.rest().await;
        }
        self.fallback.rest().await;
    }
}

impl fmt::Debug for SettingsMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsMailer").field("options", &self.options).finish_non_exhaustive()
    }
}
