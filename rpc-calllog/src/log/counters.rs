//! What became of records, for metrics.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use super::drops::{Drops, OTHERS};
use crate::call::LoggedCall;

/// What became of the records of calls since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallLogCounters {
    /// Written.
    pub written: u64,
    /// Never written: too many waited, or the log was stopped.
    pub dropped: u64,
    /// Never written: the store refused them.
    pub refused: u64,
    /// Attempts to write a batch that failed.
    pub failures: u64,
    /// Waiting now, those that are being written not included.
    pub waiting: usize,
}

#[derive(Default)]
pub(super) struct Counters {
    written: AtomicU64,
    /// Records that were dropped so far.
    pub(super) drops: Drops,
    refused: AtomicU64,
    failures: AtomicU64,
    /// In the batch that was given up at the stop.
    cut: AtomicU64,
}

impl Counters {
    pub(super) fn written(&self, count: usize) {
        self.written.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn cut(&self, calls: &[LoggedCall]) {
        for call in calls {
            let Cow::Borrowed(method) = call.method else {
                self.drops.add(OTHERS);
                continue;
            };
            self.drops.add(method);
        }
        self.cut.fetch_add(calls.len() as u64, Ordering::Relaxed);
    }

    pub(super) fn take_cut(&self) -> u64 {
        self.cut.swap(0, Ordering::Relaxed)
    }

    pub(super) fn snapshot(&self, waiting: usize) -> CallLogCounters {
        CallLogCounters {
            written: self.written.load(Ordering::Relaxed),
            dropped: self.drops.total(),
            refused: self.refused.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            waiting,
        }
    }
}
