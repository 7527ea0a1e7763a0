//! Calls that were not logged, by method: a table of fixed size, without a lock, for calls are dropped when many come.

use std::hash::BuildHasher;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::FixedState;

/// Methods that are told apart.
const METHODS: usize = 1024;
/// Entries that are looked at for a method.
const LOOKS: usize = 32;
/// What stands for the methods beyond these.
pub(super) const OTHERS: &str = "other";

/// Counts by method.
pub(super) struct Drops {
    entries: Box<[Entry]>,
    others: AtomicU64,
}

#[derive(Default)]
struct Entry {
    method: OnceLock<&'static str>,
    count: AtomicU64,
}

impl Default for Drops {
    fn default() -> Self {
        Self { entries: (0..METHODS).map(|_| Entry::default()).collect(), others: AtomicU64::new(0) }
    }
}

impl Drops {
    /// Counts a call of a method that was not logged.
    pub(super) fn add(&self, method: &'static str) {
        self.counter(method).fetch_add(1, Ordering::Relaxed);
    }

    /// All counts that are not zero, by method.
    pub(super) fn by_method(&self) -> Vec<(&'static str, u64)> {
        let known = self.entries.iter().filter_map(|entry| Some((*entry.method.get()?, &entry.count)));
        let counts =
            known.chain([(OTHERS, &self.others)]).map(|(method, count)| (method, count.load(Ordering::Relaxed)));
        let mut counts: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
        counts.sort_unstable();
        counts
    }

    pub(super) fn total(&self) -> u64 {
        self.by_method().iter().map(|(_, count)| count).sum()
    }

    fn counter(&self, method: &'static str) -> &AtomicU64 {
        let first = FixedState::default().hash_one(method) as usize;
        let looks = (0..LOOKS).map(|look| &self.entries[first.wrapping_add(look) % METHODS]);
        let mut own = looks.filter(|entry| *entry.method.get_or_init(|| method) == method);
        own.next().map_or(&self.others, |entry| &entry.count)
    }
}

#[cfg(test)]
mod tests {
    use super::{Drops, OTHERS};

    #[test]
    fn each_method_has_its_count() {
        let drops = Drops::default();
        for method in ["/v1/b", "/v1/a", "/v1/b", OTHERS] {
            drops.add(method);
        }
        assert_eq!(drops.by_method(), [("/v1/a", 1), ("/v1/b", 2), (OTHERS, 1)]);
        assert_eq!(drops.total(), 4);
    }

    #[test]
    fn methods_beyond_the_table_count_as_others() {
        let drops = Drops::default();
        for number in 0..3000 {
            drops.add(format!("/v1/many/{number}").leak());
        }
        let counts = drops.by_method();
        assert!(counts.len() <= 1025, "{}", counts.len());
        assert!(counts.iter().any(|(method, count)| *method == OTHERS && *count >= 1976));
        assert_eq!(drops.total(), 3000);
    }
}
