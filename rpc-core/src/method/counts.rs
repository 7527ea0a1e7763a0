//! What became of the calls of a method, counted without a lock.

use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::time::Duration;

use crate::call::Disposition;

/// How many different statuses of one method are counted apart. Most methods have fewer than ten.
const STATUSES: usize = 24;

/// What became of the calls of a method since the `Api` was built; see [`ApiBuilder::counted`](crate::ApiBuilder::counted).
///
/// Each number is exact. They are read one after the other, so calls that end meanwhile may be in some and not yet in others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallCounts {
    /// How many calls ended with each status, ordered by status; 499 when the caller went away. Those with a status after the
    /// first 24 different ones are under 0.
    pub statuses: Vec<(u16, u64)>,
    /// Of these, those that a limit or the stop of the server refused.
    pub declined: u64,
    /// Of these, those whose handler panicked.
    pub panicked: u64,
    /// How many calls took at most as long as each of [`BOUNDS`](Self::BOUNDS), and longer than the bound before it; last,
    /// those that took longer than all bounds.
    pub times: [u64; Self::BOUNDS.len() + 1],
    /// How long all calls took together.
    pub total_time: Duration,
}

impl CallCounts {
    /// The bounds of the classes of run times.
    pub const BOUNDS: [Duration; 14] = [
        Duration::from_micros(100),
        Duration::from_micros(250),
        Duration::from_micros(500),
        Duration::from_millis(1),
        Duration::from_micros(2500),
        Duration::from_millis(5),
        Duration::from_millis(10),
        Duration::from_millis(25),
        Duration::from_millis(50),
        Duration::from_millis(100),
        Duration::from_millis(250),
        Duration::from_secs(1),
        Duration::from_secs(5),
        Duration::from_secs(30),
    ];
}

/// The counters behind [`CallCounts`]: a call costs three additions, and more only when it is declined or panics.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    statuses: [Status; STATUSES],
    other: AtomicU64,
    declined: AtomicU64,
    panicked: AtomicU64,
    times: [AtomicU64; CallCounts::BOUNDS.len() + 1],
    /// In nanoseconds: enough for 584 years.
    total: AtomicU64,
}

/// A counter that the first call with a status takes for it, for good.
#[derive(Debug, Default)]
struct Status {
    /// 0 while it is free.
    status: AtomicU16,
    calls: AtomicU64,
}

impl Counters {
    /// Counts a call.
    pub(crate) fn add(&self, status: u16, disposition: Disposition, runtime: Duration) {
        let one = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        one(self.of_status(status));
        match disposition {
            Disposition::Declined => one(&self.declined),
            Disposition::Panicked => one(&self.panicked),
            _ => 0,
        };
        one(&self.times[CallCounts::BOUNDS.partition_point(|bound| *bound < runtime)]);
        let nanoseconds = u64::try_from(runtime.as_nanos()).unwrap_or(u64::MAX);
        self.total.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    fn of_status(&self, status: u16) -> &AtomicU64 {
        let entry = self.statuses.iter().find(|entry| entry.is_of(status));
        entry.map_or(&self.other, |entry| &entry.calls)
    }

    pub(crate) fn snapshot(&self) -> CallCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let entries = self.statuses.iter().map(|entry| (entry.status.load(Ordering::Relaxed), read(&entry.calls)));
        let other = (0, read(&self.other));
        let mut statuses: Vec<_> = entries.filter(|(status, _)| *status != 0).chain([other]).collect();
        statuses.retain(|(_, calls)| *calls > 0);
        statuses.sort_unstable();
        CallCounts {
            statuses,
            declined: read(&self.declined),
            panicked: read(&self.panicked),
            times: std::array::from_fn(|class| read(&self.times[class])),
            total_time: Duration::from_nanos(read(&self.total)),
        }
    }
}

impl Status {
    /// Whether the counter is that of a status; a free one becomes so.
    fn is_of(&self, status: u16) -> bool {
        match self.status.load(Ordering::Relaxed) {
            0 => match self.status.compare_exchange(0, status, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => true,
                Err(taken) => taken == status,
            },
            taken => taken == status,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::{Counters, STATUSES};

    #[test]
    fn statuses_beyond_the_places_are_counted_together() {
        let counters = Counters::default();
        let statuses: Vec<u16> = (200..200 + STATUSES as u16 + 6).collect();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for status in statuses.iter().cycle().take(statuses.len() * 100) {
                        counters.of_status(*status).fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        let counted = counters.snapshot().statuses;
        assert_eq!(counted.len(), STATUSES + 1);
        assert!(counted[1..].iter().all(|(status, calls)| *calls == 400 && *status >= 200), "{counted:?}");
        assert_eq!(counted[0], (0, 6 * 400));
    }
}
