//! How long ago the node was last known to have heard everything.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How long a read says that the node is current, counted from when it was begun.
const TRUST: Duration = Duration::from_secs(1);

/// The heartbeats: reads that came to their end. Nobody else has a part in them. Times are in microseconds since it was made, by
/// the monotonic clock.
#[derive(Debug)]
pub(super) struct Heartbeat {
    start: Instant,
    /// When the last read began, plus one; 0 before the first.
    last: AtomicU64,
    /// Until when the node is current; 0 while it is known not to be.
    until: AtomicU64,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self { start: Instant::now(), last: AtomicU64::new(0), until: AtomicU64::new(0) }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Heartbeat {
    fn now(&self) -> u64 {
        micros(self.start.elapsed())
    }

    /// All was read that had been written when the read began.
    pub(super) fn read(&self, began: Instant) {
        let began = micros(began.duration_since(self.start));
        self.last.store(began.saturating_add(1), Ordering::Relaxed);
        // After all that was told of it.
        self.until.store(began.saturating_add(micros(TRUST)), Ordering::Release);
    }

    /// Nothing is read any more.
    pub(super) fn lost(&self) {
        self.until.store(0, Ordering::Release);
    }

    pub(super) fn is_current(&self) -> bool {
        self.now() < self.until.load(Ordering::Acquire)
    }

    pub(super) fn age(&self) -> Option<Duration> {
        let began = self.last.load(Ordering::Relaxed).checked_sub(1)?;
        Some(Duration::from_micros(self.now().saturating_sub(began)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Heartbeat;

    #[test_waits::test(start_paused = true)]
    async fn a_read_is_good_for_a_second_from_when_it_was_begun() {
        let heartbeat = Heartbeat::default();
        assert!(!heartbeat.is_current());
        assert_eq!(heartbeat.age(), None);
        let began = Instant::now();
        tokio::time::advance(Duration::from_millis(700)).await;
        heartbeat.read(began);
        assert!(heartbeat.is_current());
        assert_eq!(heartbeat.age(), Some(Duration::from_millis(700)));
        tokio::time::advance(Duration::from_millis(299)).await;
        assert!(heartbeat.is_current());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!heartbeat.is_current());
    }

    #[test_waits::test(start_paused = true)]
    async fn a_loss_ends_trust_at_once() {
        let heartbeat = Heartbeat::default();
        heartbeat.read(Instant::now());
        assert!(heartbeat.is_current());
        heartbeat.lost();
        assert!(!heartbeat.is_current());
        assert_eq!(heartbeat.age(), Some(Duration::ZERO));
    }
}
