//! Rate limits: the generic cell rate algorithm (ITU-T I.371), one theoretical arrival time a caller.

use std::collections::HashMap;
use std::time::Duration;

use super::gate::CallerKey;
use crate::method::entry::Rate;

/// Callers remembered before those whose allowance is whole again are dropped.
const SWEEP_AT: usize = 10_000;

/// When each caller's allowance will be whole again.
#[derive(Debug, Default)]
pub(crate) struct RateTable {
    whole_at: HashMap<CallerKey, Duration>,
    sweep_at: usize,
}

impl RateTable {
    /// Takes one call out of the caller's allowance.
    ///
    /// # Errors
    ///
    /// The allowance is used up; the duration until the next call is admitted.
    pub(crate) fn take(&mut self, caller: CallerKey, rate: Rate, now: Duration) -> Result<(), Duration> {
        let interval = rate.period / rate.calls.max(1);
        let whole_at = self.whole_at.get(&caller).copied().unwrap_or(now).max(now);
        let next = whole_at + interval;
        let burst_ends = now + rate.period;
        if next > burst_ends {
            return Err(next - burst_ends);
        }
        self.sweep(now);
        self.whole_at.insert(caller, next);
        Ok(())
    }

    /// Forgets callers whose allowance is whole; the threshold follows what is left, so that sweeping stays cheap.
    fn sweep(&mut self, now: Duration) {
        if self.whole_at.len() < self.sweep_at.max(SWEEP_AT) {
            return;
        }
        self.whole_at.retain(|_, whole_at| *whole_at > now);
        self.sweep_at = self.whole_at.len() * 2;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{RateTable, SWEEP_AT};
    use crate::limits::gate::CallerKey;
    use crate::method::entry::Rate;

    const RATE: Rate = Rate { calls: 10, period: Duration::from_secs(60) };

    fn user(id: usize) -> CallerKey {
        CallerKey::User(id.to_string().into())
    }

    #[test]
    fn exactly_the_burst_is_admitted_and_then_one_each_interval() {
        let mut table = RateTable::default();
        let mut now = Duration::from_secs(5);
        let admitted = (0..1000).filter(|_| table.take(user(1), RATE, now).is_ok()).count();
        assert_eq!(admitted, 10);
        assert_eq!(table.take(user(1), RATE, now), Err(Duration::from_secs(6)));
        assert_eq!(table.take(user(2), RATE, now), Ok(()));
        now += Duration::from_secs(6);
        assert_eq!(table.take(user(1), RATE, now), Ok(()));
        assert!(table.take(user(1), RATE, now).is_err());
        now += Duration::from_secs(3600);
        assert_eq!((0..1000).filter(|_| table.take(user(1), RATE, now).is_ok()).count(), 10);
    }

    #[test]
    fn callers_that_are_done_are_forgotten() {
        let mut table = RateTable::default();
        for id in 0..SWEEP_AT {
            table.take(user(id), RATE, Duration::ZERO).unwrap();
        }
        table.take(user(SWEEP_AT), RATE, Duration::from_secs(3600)).unwrap();
        assert_eq!(table.whole_at.len(), 1);
    }
}
