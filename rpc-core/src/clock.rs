//! Time, injected: the system's in production, a hand-set one in tests.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The clock that the framework reads.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// Time since the Unix epoch. May jump when the system's clock is set.
    fn now(&self) -> Duration;

    /// Time since some fixed moment. Never goes back.
    fn elapsed(&self) -> Duration;

    /// Reads both times, for one moment: a call begins with it. A clock may read one and derive the other, within a second's
    /// drift.
    fn both(&self) -> Moment {
        Moment { now: self.now(), elapsed: self.elapsed() }
    }
}

/// A moment, by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Time since the Unix epoch: [`Clock::now`].
    pub now: Duration,
    /// Time since some fixed moment: [`Clock::elapsed`].
    pub elapsed: Duration,
}

/// The system's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    /// The time since the Unix epoch at `start`, in nanoseconds, as it was when the clocks were last compared.
    epoch: AtomicU64,
    /// The second after `start` in which the clocks were last compared.
    compared: AtomicU64,
}

impl Default for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn default() -> Self {
        Self { start: Instant::now(), epoch: AtomicU64::new(0), compared: AtomicU64::new(u64::MAX) }
    }
}

impl SystemClock {
    /// Two readings so close are of one moment.
    const TOGETHER: Duration = Duration::from_millis(1);
}

/// Up to the year 2554.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// One reading: the clocks are compared once a second, so that one that is set is followed within that.
    fn both(&self) -> Moment {
        let elapsed = self.elapsed();
        if self.compared.load(Ordering::Acquire) != elapsed.as_secs() {
            let epoch = nanos(self.now()).wrapping_sub(nanos(elapsed));
            // Whoever was interrupted between the readings leaves it to the next one.
            if self.elapsed() - elapsed < Self::TOGETHER || self.compared.load(Ordering::Acquire) == u64::MAX {
                self.epoch.store(epoch, Ordering::Relaxed);
                self.compared.store(elapsed.as_secs(), Ordering::Release);
            }
        }
        // The clock may be set to less than this process has run.
        let now = self.epoch.load(Ordering::Relaxed).wrapping_add(nanos(elapsed));
        Moment { now: Duration::from_nanos(now), elapsed }
    }
}

/// A clock that stands still until it is moved; for tests.
#[derive(Debug)]
pub struct ManualClock {
    epoch: Duration,
    nanos: AtomicU64,
}

impl ManualClock {
    /// Starts at `epoch` after the Unix epoch.
    #[must_use]
    pub fn new(epoch: Duration) -> Self {
        Self { epoch, nanos: AtomicU64::new(0) }
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        self.epoch + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::SeqCst))
    }
}
