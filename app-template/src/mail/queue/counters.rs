//! What became of mails, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// What became of mails since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MailCounters {
    /// Taken into the queue.
    pub queued: u64,
    /// Handed on.
    pub sent: u64,
    /// Attempts that failed and were put off.
    pub retried: u64,
    /// Given up: refused for good, or for longer than the queue's patience.
    pub failed: u64,
    /// Never tried to the end: there was no room, or the queue was stopped.
    pub dropped: u64,
    /// Waiting or being sent now.
    pub waiting: usize,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    queued: AtomicU64,
    sent: AtomicU64,
    retried: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
}

impl Counters {
    pub(super) fn queued(&self) {
        self.queued.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn retried(&self) {
        self.retried.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn dropped(&self, count: usize) {
        self.dropped.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self, waiting: usize) -> MailCounters {
        MailCounters {
            queued: self.queued.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            waiting,
        }
    }
}
