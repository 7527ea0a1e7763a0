//! Rules between options, each of which is good alone.

use super::option::OptionSpec;
use super::serve::ServeConfig;
use super::sources::Reader;
use super::table::{HASH_MEMORY, HASH_PARALLEL, THROTTLE_FIRST_DELAY, THROTTLE_MAX_DELAY, WS_PING, WS_SILENCE};

/// KiB that all password hashes at once may take: 64 GiB.
const HASHES_KIB: u64 = 64 * 1024 * 1024;

impl Reader<'_> {
    /// Refuses options that contradict each other.
    pub(super) fn rules(&mut self, config: &ServeConfig) {
        let (limits, accounts) = (&config.limits, &config.app.accounts);
        if limits.ws_silence <= limits.ws_ping {
            let (silence, ping) = (self.named(&WS_SILENCE.spec), self.named(&WS_PING.spec));
            self.faults.add(format!("{silence}, and {ping}: expected a silence longer than the time between pings"));
        }
        let throttle = &accounts.throttle;
        if throttle.first_delay > throttle.max_delay {
            let (first, max) = (self.named(&THROTTLE_FIRST_DELAY.spec), self.named(&THROTTLE_MAX_DELAY.spec));
            self.faults.add(format!("{first}, and {max}: expected a first delay no longer than the longest"));
        }
        let hasher = &accounts.hasher;
        if u64::from(hasher.memory_kib).saturating_mul(hasher.parallel as u64) > HASHES_KIB {
            let (memory, key) = (self.named(&HASH_MEMORY.spec), HASH_PARALLEL.spec.name);
            let parallel = hasher.parallel;
            self.faults.add(format!("{memory}, and {key} is {parallel}: expected at most 64 GiB together"));
        }
    }

    /// An option with its value in effect.
    fn named(&mut self, spec: &OptionSpec) -> String {
        let text = self.found(spec).map_or_else(|| spec.default.to_owned(), |found| found.text);
        format!("{} is \"{text}\"", spec.name)
    }
}
