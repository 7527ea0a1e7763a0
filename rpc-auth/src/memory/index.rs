//! An index that copies no keys.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

use hashbrown::HashTable;

/// Ids of rows by one of their fields. The rows keep the field, the index a dozen bytes a row; so whoever uses it says
/// what the field of a row is. Keyed at random, because names come from strangers.
pub(super) struct Index<I> {
    ids: HashTable<I>,
    hasher: RandomState,
}

impl<I> Default for Index<I> {
    fn default() -> Self {
        Self { ids: HashTable::new(), hasher: RandomState::new() }
    }
}

impl<I: Copy + Eq> Index<I> {
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The row with a key.
    pub(super) fn find<'a, K>(&self, key: &K, key_of: impl Fn(I) -> Option<&'a K>) -> Option<I>
    where
        K: Hash + Eq + ?Sized + 'a,
    {
        self.ids.find(self.hasher.hash_one(key), |id| key_of(*id) == Some(key)).copied()
    }

    /// Adds a row, which has no entry yet.
    pub(super) fn insert<'a, K>(&mut self, key: &K, id: I, key_of: impl Fn(I) -> Option<&'a K>)
    where
        K: Hash + Eq + ?Sized + 'a,
    {
        let Self { ids, hasher } = self;
        ids.insert_unique(hasher.hash_one(key), id, |id| key_of(*id).map_or(0, |key| hasher.hash_one(key)));
    }

    /// Removes a row, if it has an entry with the key.
    pub(super) fn remove<K: Hash + ?Sized>(&mut self, key: &K, id: I) {
        if let Ok(entry) = self.ids.find_entry(self.hasher.hash_one(key), |other| *other == id) {
            entry.remove();
        }
    }
}
