//! How much of the queue each caller holds: a sketch of fixed size, without a lock.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::quality::RandomState;

use super::record::Sharer;

/// Counters of a row.
const COLUMNS: usize = 1024;

/// Bytes that callers hold (Cormode and Muthukrishnan, "The count-min sketch", 2005): never less than it is. Two callers count as
/// one only when they meet in both rows, and where they meet nobody can foresee.
pub(super) struct Shares {
    hasher: RandomState,
    rows: [Box<[AtomicUsize]>; 2],
}

/// Where the counters of a caller are, in each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places([u16; 2]);

impl Default for Shares {
    fn default() -> Self {
        let row = || (0..COLUMNS).map(|_| AtomicUsize::new(0)).collect();
        Self { hasher: RandomState::default(), rows: [row(), row()] }
    }
}

impl Shares {
    pub(super) fn places(&self, sharer: Sharer<'_>) -> Places {
        let hash = self.hasher.hash_one(sharer);
        Places([hash, hash >> 32].map(|bits| (bits % COLUMNS as u64) as u16))
    }

    /// Adds bytes to what a caller holds. Returns how many it held before.
    pub(super) fn add(&self, places: Places, bytes: usize) -> usize {
        let [first, second] = self.counters(places).map(|counter| counter.fetch_add(bytes, Ordering::Relaxed));
        first.min(second)
    }

    pub(super) fn remove(&self, places: Places, bytes: usize) {
        for counter in self.counters(places) {
            counter.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    fn counters(&self, Places([first, second]): Places) -> [&AtomicUsize; 2] {
        [&self.rows[0][usize::from(first)], &self.rows[1][usize::from(second)]]
    }
}

#[cfg(test)]
mod tests {
    use super::Shares;
    use crate::log::record::{Sharer, Standing};

    #[test]
    fn what_one_holds_is_not_what_another_one_holds() {
        let shares = Shares::default();
        let guest = |number: u8| shares.places(Sharer::Guest(Some([192, 0, 2, number].into())));
        let (flood, quiet) = (guest(1), (2..).map(guest).find(|places| *places != guest(1)).unwrap());
        assert_eq!((shares.add(flood, 100), shares.add(flood, 20)), (0, 100));
        assert_eq!(shares.add(quiet, 1), 0);
        shares.remove(flood, 100);
        assert_eq!(shares.add(flood, 1), 20);
    }

    #[test]
    fn a_user_has_a_share_as_a_user_and_one_as_who_is_privileged() {
        let shares = Shares::default();
        let ids = ["1", "2", "3", "4"];
        let places = |standing| ids.map(|id| shares.places(Sharer::User(standing, id)));
        assert_ne!(places(Standing::User), places(Standing::Privileged));
    }
}
