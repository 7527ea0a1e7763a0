//! A bounded table that forgets.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, Hash, RandomState};

use rpc_core::Timestamp;

/// Values by the hash of their keys, at most `capacity` of them: the one touched longest ago makes room for a new one.
///
/// Keys may be texts of any length from anybody; what is kept of them is 64 bits under a random key (SipHash), so that nobody
/// outside can find two that are taken for one.
#[derive(Debug)]
pub(super) struct Table<V> {
    capacity: usize,
    hasher: RandomState,
    values: HashMap<Key, (Timestamp, V)>,
    by_age: BTreeSet<(Timestamp, Key)>,
}

/// The hash of a key, of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key(u64);

impl<V: Default> Table<V> {
    pub(super) fn new(capacity: usize) -> Self {
        let hasher = RandomState::new();
        Self { capacity: capacity.max(1), hasher, values: HashMap::new(), by_age: BTreeSet::new() }
    }

    pub(super) fn key(&self, of: impl Hash) -> Key {
        Key(self.hasher.hash_one(of))
    }

    pub(super) fn get(&self, key: Key) -> Option<&V> {
        self.values.get(&key).map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut V> {
        self.values.get_mut(&key).map(|(_, value)| value)
    }

    /// The value of a key, made if need be; it is the last one to be dropped now.
    pub(super) fn touch(&mut self, key: Key, now: Timestamp) -> &mut V {
        if let Some((touched, _)) = self.values.get(&key) {
            self.by_age.remove(&(*touched, key));
        } else if self.values.len() >= self.capacity
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.values.remove(&oldest);
        }
        self.by_age.insert((now, key));
        let (touched, value) = self.values.entry(key).or_insert_with(|| (now, V::default()));
        *touched = now;
        value
    }

    pub(super) fn remove(&mut self, key: Key) {
        if let Some((touched, _)) = self.values.remove(&key) {
            self.by_age.remove(&(touched, key));
        }
    }

    /// Drops what was last touched at `moment` or before.
    pub(super) fn forget_until(&mut self, moment: Timestamp) {
        while let Some((touched, key)) = self.by_age.first().copied()
            && touched <= moment
        {
            self.by_age.pop_first();
            self.values.remove(&key);
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        assert_eq!(self.values.len(), self.by_age.len());
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use rpc_core::Timestamp;

    use super::Table;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_value_touched_longest_ago_makes_room() {
        let mut table = Table::<u32>::new(2);
        let [first, second, third] = ["first", "second", "third"].map(|name| table.key(name));
        *table.touch(first, at(1)) = 1;
        *table.touch(second, at(2)) = 2;
        *table.touch(first, at(3)) += 10;
        *table.touch(third, at(4)) = 3;
        assert_eq!([first, second, third].map(|key| table.get_mut(key).copied()), [Some(11), None, Some(3)]);
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn old_values_are_forgotten() {
        let mut table = Table::<u32>::new(10);
        for second in 1..=5 {
            let key = table.key(second);
            table.touch(key, at(second));
        }
        table.forget_until(at(3));
        assert_eq!(table.len(), 2);
        let key = table.key(4_i64);
        table.remove(key);
        table.remove(key);
        assert_eq!(table.len(), 1);
    }
}
