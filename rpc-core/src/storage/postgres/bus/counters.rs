//! What a bus counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What has happened on a [`PgBus`](super::PgBus) since it was started, as this node saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PgBusCounters {
    /// Notices of this node that the database took.
    pub sent: u64,
    /// Notices of this node that the database did not take, or did not confirm in time.
    pub unsent: u64,
    /// Notices of other nodes, or of the database, that this one heard.
    pub heard: u64,
    /// How often this node's listeners were told that something may have been missed.
    pub missed: u64,
    /// How often it began to listen for bells: once at the start, and again after each loss.
    pub connections: u64,
    /// Bells that nobody of the application rang.
    pub forged: u64,
    /// Notices that were swept, by this node.
    pub swept: u64,
    /// The time since the last read of notices that came to its end was begun; `None` before the first.
    pub heartbeat_age: Option<Duration>,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    sent: AtomicU64,
    unsent: AtomicU64,
    heard: AtomicU64,
    missed: AtomicU64,
    connections: AtomicU64,
    forged: AtomicU64,
    swept: AtomicU64,
}

fn add(count: &AtomicU64, by: u64) {
    count.fetch_add(by, Ordering::Relaxed);
}

impl Counts {
    pub(super) fn sent(&self, notices: usize) {
        add(&self.sent, notices as u64);
    }

    pub(super) fn unsent(&self, notices: usize) {
        add(&self.unsent, notices as u64);
    }

    pub(super) fn heard(&self) {
        add(&self.heard, 1);
    }

    pub(super) fn missed(&self) {
        add(&self.missed, 1);
    }

    pub(super) fn connected(&self) {
        add(&self.connections, 1);
    }

    pub(super) fn forged(&self, bells: u64) {
        add(&self.forged, bells);
    }

    pub(super) fn swept(&self, rows: u64) {
        add(&self.swept, rows);
    }

    pub(super) fn read(&self, heartbeat_age: Option<Duration>) -> PgBusCounters {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        PgBusCounters {
            sent: read(&self.sent),
            unsent: read(&self.unsent),
            heard: read(&self.heard),
            missed: read(&self.missed),
            connections: read(&self.connections),
            forged: read(&self.forged),
            swept: read(&self.swept),
            heartbeat_age,
        }
    }
}
