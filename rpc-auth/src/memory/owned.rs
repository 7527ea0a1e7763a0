//! What users own and show a token for: sessions and API tokens.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use super::index::Index;
use crate::model::{ApiTokenId, ApiTokenRecord, SessionId, SessionRecord, UserId};
use crate::token::hash::TokenHash;

/// A row with an owner, found by the hash of its token.
pub(super) trait Owned {
    type Id: Copy + Ord + Hash;

    /// The id with a number.
    fn new_id(number: i64) -> Self::Id;
    /// The smallest and the largest id.
    const IDS: [Self::Id; 2];

    fn id(&self) -> Self::Id;
    fn user(&self) -> UserId;
    fn hash(&self) -> &TokenHash;
}

macro_rules! owned {
    ($record:ty, $id:ty) => {
        impl Owned for $record {
            type Id = $id;

            const IDS: [$id; 2] = [<$id>::new(i64::MIN), <$id>::new(i64::MAX)];

            fn new_id(number: i64) -> $id {
                <$id>::new(number)
            }

            fn id(&self) -> $id {
                self.id
            }

            fn user(&self) -> UserId {
                self.user
            }

            fn hash(&self) -> &TokenHash {
                &self.hash
            }
        }
    };
}

owned!(SessionRecord, SessionId);
owned!(ApiTokenRecord, ApiTokenId);

/// All rows of a kind, with what finds them.
pub(super) struct OwnedRows<R: Owned> {
    rows: HashMap<R::Id, Box<R>>,
    last: i64,
    hashes: Index<R::Id>,
    owners: BTreeSet<(UserId, R::Id)>,
}

impl<R: Owned> Default for OwnedRows<R> {
    fn default() -> Self {
        Self { rows: HashMap::new(), last: 0, hashes: Index::default(), owners: BTreeSet::new() }
    }
}

impl<R: Owned> OwnedRows<R> {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn row(&self, id: R::Id) -> Option<&R> {
        self.rows.get(&id).map(AsRef::as_ref)
    }

    /// A row, to be changed in what is not its id, owner or hash.
    pub(super) fn row_mut(&mut self, id: R::Id) -> Option<&mut R> {
        self.rows.get_mut(&id).map(AsMut::as_mut)
    }

    pub(super) fn by_hash(&self, hash: &TokenHash) -> Option<&R> {
        self.hashes.find(hash, |id| Some(self.row(id)?.hash())).and_then(|id| self.row(id))
    }

    /// Ids of all rows.
    pub(super) fn all(&self) -> impl Iterator<Item = &R> {
        self.rows.values().map(AsRef::as_ref)
    }

    /// Ids of the rows of a user, small to large.
    pub(super) fn of(&self, user: UserId) -> impl DoubleEndedIterator<Item = R::Id> {
        let [smallest, largest] = R::IDS;
        self.owners.range((user, smallest)..=(user, largest)).map(|(_, id)| *id)
    }

    /// An id that was never given.
    pub(super) fn next_id(&mut self) -> R::Id {
        self.last += 1;
        R::new_id(self.last)
    }

    pub(super) fn insert(&mut self, row: R) {
        let (id, user, hash) = (row.id(), row.user(), *row.hash());
        self.rows.insert(id, Box::new(row));
        self.owners.insert((user, id));
        let rows = &self.rows;
        self.hashes.insert(&hash, id, |id| Some(rows.get(&id)?.hash()));
    }

    pub(super) fn remove(&mut self, id: R::Id) -> Option<R> {
        let row = self.rows.remove(&id)?;
        self.owners.remove(&(row.user(), id));
        self.hashes.remove(row.hash(), id);
        Some(*row)
    }

    /// Removes the rows of a user, but one.
    pub(super) fn remove_of(&mut self, user: UserId, except: Option<R::Id>) {
        let ids: Vec<R::Id> = self.of(user).filter(|id| Some(*id) != except).collect();
        self.remove_all(&ids);
    }

    /// Removes rows that exist. Returns how many.
    pub(super) fn remove_all(&mut self, ids: &[R::Id]) -> u64 {
        for id in ids {
            self.remove(*id);
        }
        ids.len() as u64
    }
}
