//! The guesses counted in one place.

use std::time::Duration;

use rpc_core::Timestamp;

use super::ThrottleOptions;

/// Guesses that were refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Guesses {
    pub(super) refused: u32,
    pub(super) last: Timestamp,
}

impl Guesses {
    /// The delay from the last guess to the next: none while there are free ones.
    pub(super) fn delay(self, free: u32, options: &ThrottleOptions) -> Option<Duration> {
        self.refused.checked_sub(free).filter(|_| self.refused > 0).map(|beyond| delay(beyond, options))
    }

    /// How long the next guess has to wait.
    pub(super) fn wait(self, free: u32, options: &ThrottleOptions, now: Timestamp) -> Duration {
        self.delay(free, options).map_or(Duration::ZERO, |delay| left(self.last, delay, now))
    }
}

/// What is left of a delay. A clock that was set back makes nobody wait longer.
pub(super) fn left(since: Timestamp, delay: Duration, now: Timestamp) -> Duration {
    let left = since.after(delay).millis().saturating_sub(now.millis());
    Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(delay)
}

/// The delay after so many guesses beyond the free ones.
fn delay(beyond: u32, options: &ThrottleOptions) -> Duration {
    let factor = 2_u32.checked_pow(beyond).unwrap_or(u32::MAX);
    options.first_delay.saturating_mul(factor).min(options.max_delay)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::delay;
    use crate::throttle::ThrottleOptions;

    #[test]
    fn delays_double_up_to_the_longest() {
        let options = ThrottleOptions::default();
        let delays = [0, 1, 2, 3, 4, 5, 6, 31, 32, u32::MAX].map(|beyond| delay(beyond, &options).as_secs());
        assert_eq!(delays, [1, 2, 4, 8, 16, 30, 30, 30, 30, 30]);
        let slow = ThrottleOptions { first_delay: Duration::from_secs(60), ..options };
        assert_eq!(delay(0, &slow), Duration::from_secs(30));
    }
}
