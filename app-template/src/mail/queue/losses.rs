//! Logs mails that were dropped, however many they are.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Dropped mails of which the log does not tell yet.
#[derive(Debug, Default)]
pub(super) struct Losses {
    untold: AtomicU64,
    /// The second that was told in, from 1.
    told: AtomicU64,
}

impl Losses {
    /// One more was dropped. The log tells of it in this second, or with the next one that is dropped.
    pub(super) fn add(&self, now: Duration) {
        self.untold.fetch_add(1, Ordering::Relaxed);
        let second = now.as_secs() + 1;
        if self.told.swap(second, Ordering::Relaxed) != second {
            let lost = self.untold.swap(0, Ordering::Relaxed);
            tracing::error!(
                event = "mail.dropped",
                lost,
                "mails were dropped ({lost}): too many wait, or the queue was stopped"
            );
        }
    }
}
