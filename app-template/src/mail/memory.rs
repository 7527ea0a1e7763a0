//! A mailbox for tests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::{Mail, MailError, Mailer};

/// A [`Mailer`] that keeps mails, for tests.
#[derive(Debug, Default)]
pub struct MemoryMailer {
    mails: Mutex<Vec<Mail>>,
    arrived: Notify,
}

impl MemoryMailer {
    fn kept(&self) -> MutexGuard<'_, Vec<Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_now(&self, count: usize) -> Option<Vec<Mail>> {
        let mut kept = self.kept();
        (kept.len() >= count).then(|| std::mem::take(&mut *kept))
    }

    /// The mails so far.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.kept().clone()
    }

    /// Takes the mails out, as soon as there are at least `count`.
    pub async fn take(&self, count: usize) -> Vec<Mail> {
        loop {
            let mut arrived = std::pin::pin!(self.arrived.notified());
            arrived.as_mut().enable();
            if let Some(mails) = self.take_now(count) {
                return mails;
            }
            arrived.await;
        }
    }
}

#[async_trait]
impl Mailer for MemoryMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.kept().push(mail.clone());
        self.arrived.notify_waiters();
        Ok(())
    }
}
