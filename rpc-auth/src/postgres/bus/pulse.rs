//! How long ago the node was last known to hear everything.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How long a heartbeat that was heard says that notices are, counted from when it was sent.
const TRUST: Duration = Duration::from_secs(1);

/// The heartbeats that were heard. Times are in microseconds since it was made, by the monotonic clock.
#[derive(Debug)]
pub(super) struct Pulse {
    start: Instant,
    /// When the last one that was heard was sent, plus one; 0 before the first.
    last: AtomicU64,
    /// Until when the node is current; 0 while it is known not to be.
    until: AtomicU64,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { start: Instant::now(), last: AtomicU64::new(0), until: AtomicU64::new(0) }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Pulse {
    /// Now, for a heartbeat to carry.
    pub(super) fn now(&self) -> u64 {
        micros(self.start.elapsed())
    }

    /// One was heard; when it was sent.
    pub(super) fn heard(&self, sent: u64) -> Instant {
        self.last.store(sent.saturating_add(1), Ordering::Relaxed);
        // After all that was heard before it.
        self.until.store(sent.saturating_add(micros(TRUST)), Ordering::Release);
        self.start + Duration::from_micros(sent)
    }

    /// Nothing is heard any more.
    pub(super) fn lost(&self) {
        self.until.store(0, Ordering::Release);
    }

    pub(super) fn is_current(&self) -> bool {
        self.now() < self.until.load(Ordering::Acquire)
    }

    pub(super) fn age(&self) -> Option<Duration> {
        let sent = self.last.load(Ordering::Relaxed).checked_sub(1)?;
        Some(Duration::from_micros(self.now().saturating_sub(sent)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Pulse;

    #[tokio::test(start_paused = true)]
    async fn a_heartbeat_is_good_for_a_second_from_when_it_was_sent() {
        let pulse = Pulse::default();
        assert!(!pulse.is_current());
        assert_eq!(pulse.age(), None);
        let sent = pulse.now();
        tokio::time::advance(Duration::from_millis(700)).await;
        pulse.heard(sent);
        assert!(pulse.is_current());
        assert_eq!(pulse.age(), Some(Duration::from_millis(700)));
        tokio::time::advance(Duration::from_millis(299)).await;
        assert!(pulse.is_current());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!pulse.is_current());
    }

    #[tokio::test(start_paused = true)]
    async fn a_loss_ends_trust_at_once() {
        let pulse = Pulse::default();
        pulse.heard(pulse.now());
        assert!(pulse.is_current());
        pulse.lost();
        assert!(!pulse.is_current());
        assert_eq!(pulse.age(), Some(Duration::ZERO));
    }
}
