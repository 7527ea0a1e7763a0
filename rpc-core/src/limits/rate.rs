//! Rate limits: the generic cell rate algorithm (ITU-T I.371), one theoretical arrival time a caller.

use std::collections::HashMap;
use std::time::Duration;

use super::caller::CallerKey;
use super::method::Rate;

/// Callers remembered before those whose allowance is whole again are dropped.
const SWEEP_AT: usize = 10_000;

/// Callers remembered at most. Beyond it, the half that has used the least of its allowance is forgotten.
const CAPACITY: usize = 200_000;

/// The allowance of all networks of an IPv6 site together, in those of one: a site has 65,536 networks.
const SITE_SHARE: u32 = 4;

/// When each caller's allowance will be whole again.
#[derive(Debug, Default)]
pub(crate) struct RateTable {
    whole_at: HashMap<CallerKey, Duration>,
    sweep_at: usize,
}

impl RateTable {
    /// Takes one call out of the caller's allowance, and out of that of the site for guests by IPv6: out of both, or none.
    ///
    /// # Errors
    ///
    /// The allowance is used up; the duration until the next call is admitted.
    pub(crate) fn take(&mut self, caller: CallerKey, rate: Rate, now: Duration) -> Result<(), Duration> {
        let site = caller.site();
        let next = self.next(&caller, rate, now)?;
        if let Some(site) = site {
            let of_site = Rate { calls: rate.calls.saturating_mul(SITE_SHARE), ..rate };
            let next = self.next(&site, of_site, now)?;
            self.remember(site, next, now);
        }
        self.remember(caller, next, now);
        Ok(())
    }

    /// When the allowance is whole again after one more call.
    fn next(&self, caller: &CallerKey, rate: Rate, now: Duration) -> Result<Duration, Duration> {
        let interval = rate.period / rate.calls.max(1);
        let whole_at = self.whole_at.get(caller).copied().unwrap_or(now).max(now);
        let next = whole_at + interval;
        let burst_ends = now + rate.period;
        if next > burst_ends { Err(next - burst_ends) } else { Ok(next) }
    }

    fn remember(&mut self, caller: CallerKey, next: Duration, now: Duration) {
        self.sweep(now);
        self.whole_at.insert(caller, next);
    }

    /// Forgets callers whose allowance is whole; the threshold follows what is left, so that sweeping stays cheap.
    fn sweep(&mut self, now: Duration) {
        if self.whole_at.len() < self.sweep_at.clamp(SWEEP_AT, CAPACITY) {
            return;
        }
        self.whole_at.retain(|_, whole_at| *whole_at > now);
        if self.whole_at.len() >= CAPACITY {
            self.forget_half();
        }
        self.sweep_at = self.whole_at.len() * 2;
    }

    /// Makes room at the cost of those who lose the least by it: what they may call now is about what they might anyway.
    fn forget_half(&mut self) {
        let mut times: Vec<Duration> = self.whole_at.values().copied().collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        // Of equals, so many go that half is left, however alike all are.
        let mut equals_to_go = middle - times.iter().filter(|time| **time < median).count();
        self.whole_at.retain(|_, whole_at| {
            if *whole_at == median && equals_to_go > 0 {
                equals_to_go -= 1;
                return false;
            }
            *whole_at >= median
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{CAPACITY, RateTable, SWEEP_AT};
    use crate::limits::{CallerKey, Rate};

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

    fn guest(address: &str) -> CallerKey {
        CallerKey::Address(crate::network(address.parse().unwrap()))
    }

    #[test]
    fn all_networks_of_a_site_have_four_times_what_one_has() {
        let (mut table, now) = (RateTable::default(), Duration::ZERO);
        let admitted = |table: &mut RateTable, address: &str, calls: usize| {
            (0..calls).filter(|_| table.take(guest(address), RATE, now).is_ok()).count()
        };
        assert_eq!(admitted(&mut table, "2001:db8:0:1::1", 20), 10);
        let of_others: usize = (2..500).map(|net| admitted(&mut table, &format!("2001:db8:0:{net:x}::1"), 20)).sum();
        assert_eq!(of_others, 30);
        assert_eq!(table.take(guest("2001:db8:0:7::1"), RATE, now), Err(Duration::from_millis(1500)));
        // Its neighbours, and those of IPv4, have theirs.
        assert_eq!(admitted(&mut table, "2001:db8:1:1::1", 20), 10);
        assert_eq!(admitted(&mut table, "192.0.2.1", 20), 10);
        assert_eq!(admitted(&mut table, "192.0.2.2", 20), 10);
        assert!(table.whole_at.len() < 10, "a refused call leaves nothing behind");
    }

    #[test]
    fn a_full_table_forgets_those_who_lose_the_least() {
        let mut table = RateTable::default();
        while table.take(user(0), RATE, Duration::ZERO).is_ok() {}
        for id in 1..=CAPACITY {
            table.take(user(id), RATE, Duration::ZERO).unwrap();
        }
        assert!(table.whole_at.len() <= CAPACITY);
        assert!(table.take(user(0), RATE, Duration::ZERO).is_err(), "who has used up all is remembered");
    }
}
