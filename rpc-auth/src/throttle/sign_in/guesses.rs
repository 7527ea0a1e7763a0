//! The guesses counted in one place.

use std::time::Duration;

use rpc_core::Timestamp;

use super::ThrottleOptions;

/// Guesses that were refused, and those whose outcome is not known yet.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    refused: u32,
    last_refused: Timestamp,
    pending: u32,
    last_reserved: Timestamp,
}

impl Guesses {
    /// Counts an attempt whose outcome is not known yet.
    pub(super) fn reserve(&mut self, options: &ThrottleOptions, now: Timestamp) {
        self.expire(options, now);
        self.pending = self.pending.saturating_add(1);
        self.last_reserved = now;
    }

    /// Counts an attempt no more.
    pub(super) fn release(&mut self) {
        self.pending = self.pending.saturating_sub(1);
    }

    /// Counts an attempt as a refused one from now on.
    pub(super) fn refuse(&mut self, options: &ThrottleOptions, now: Timestamp) {
        self.expire(options, now);
        self.release();
        self.refused = self.refused.saturating_add(1);
        self.last_refused = now;
    }

    /// Forgets the refused ones.
    pub(super) fn clear(&mut self) {
        self.refused = 0;
    }

    pub(super) fn are_none(&self) -> bool {
        self.refused == 0 && self.pending == 0
    }

    /// How long the next guess has to wait: nothing while there are free ones, then from the last guess on.
    pub(super) fn wait(&mut self, free: u32, options: &ThrottleOptions, now: Timestamp) -> Duration {
        self.expire(options, now);
        let Some(beyond) = self.refused.saturating_add(self.pending).checked_sub(free) else { return Duration::ZERO };
        let delay = delay(beyond, options);
        let last = if self.pending == 0 { self.last_refused } else { self.last_reserved.max(self.last_refused) };
        let left = last.after(delay).millis().saturating_sub(now.millis());
        // A clock that was set back makes nobody wait longer.
        Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(delay)
    }

    /// Forgets refusals that are long past, and gives up attempts whose outcome was not told.
    fn expire(&mut self, options: &ThrottleOptions, now: Timestamp) {
        if now >= self.last_refused.after(options.forget_after) {
            self.refused = 0;
        }
        if now >= self.last_reserved.after(options.pending_for) {
            self.pending = 0;
        }
    }
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
