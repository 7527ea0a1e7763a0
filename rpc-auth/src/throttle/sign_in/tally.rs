//! The guesses counted by one thing: by pairs, by names, or by addresses.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::mem;

use rpc_core::Timestamp;
use tokio::sync::oneshot;

use super::guesses::Guesses;
use super::limited::PendingSignIn;
use crate::throttle::table::{Key, Table};

/// Who may wait for the outcome of one and the same thing.
const MAX_WAITING: usize = 64;

/// Guesses by their keys.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) free: u32,
    /// Those within their free ones.
    few: Table<Guesses>,
    /// Those beyond: nobody is pushed out of here by who does not guess as much.
    many: Table<Guesses>,
    /// What is tried at this moment. As many as there are attempts in the process, so that it needs no bound.
    pending: HashMap<Key, Pending>,
}

/// Attempts whose outcome is not known yet.
#[derive(Debug, Default)]
struct Pending {
    attempts: u32,
    /// Dropped at the next outcome.
    waiting: Vec<oneshot::Sender<Infallible>>,
}

impl Tally {
    pub(super) fn new(free: u32, capacity: usize) -> Self {
        Self { free, few: Table::new(capacity), many: Table::new(capacity), pending: HashMap::new() }
    }

    pub(super) fn key(&self, of: impl Hash) -> Key {
        self.few.key(of)
    }

    /// What was refused.
    pub(super) fn guesses(&mut self, key: Key, now: Timestamp) -> Guesses {
        let Some(guesses) = self.many.get_mut(key).or_else(|| self.few.get_mut(key)) else { return Guesses::default() };
        // A clock that was set back stands still for nobody.
        guesses.last = guesses.last.min(now);
        *guesses
    }

    /// Whether the free ones are used up.
    pub(super) fn is_delayed(&mut self, key: Key) -> bool {
        self.many.get_mut(key).is_some()
    }

    /// How many are tried at this moment.
    pub(super) fn pending(&self, key: Key) -> u32 {
        self.pending.get(&key).map_or(0, |pending| pending.attempts)
    }

    /// The next outcome of what is tried at this moment; `None` when too many wait for it.
    pub(super) fn outcome(&mut self, key: Key) -> Option<PendingSignIn> {
        let waiting = &mut self.pending.entry(key).or_default().waiting;
        waiting.retain(|waiting| !waiting.is_closed());
        if waiting.len() >= MAX_WAITING {
            return None;
        }
        let (waits, ended) = oneshot::channel();
        waiting.push(waits);
        Some(PendingSignIn::new(ended))
    }

    /// Counts an attempt whose outcome is not known yet.
    pub(super) fn reserve(&mut self, key: Key) {
        self.pending.entry(key).or_default().attempts += 1;
    }

    /// Stops counting an attempt, and wakes those who wait for an outcome.
    pub(super) fn release(&mut self, key: Key) {
        let Some(pending) = self.pending.get_mut(&key) else { return };
        pending.attempts = pending.attempts.saturating_sub(1);
        drop(mem::take(&mut pending.waiting));
        if pending.attempts == 0 {
            self.pending.remove(&key);
        }
    }

    /// Counts a refused attempt.
    pub(super) fn refuse(&mut self, key: Key, now: Timestamp) {
        let refused = self.guesses(key, now).refused.saturating_add(1);
        let table = if refused >= self.free { &mut self.many } else { &mut self.few };
        *table.touch(key, now) = Guesses { refused, last: now };
        if refused >= self.free {
            self.few.remove(key);
        }
    }

    /// Forgets what was refused.
    pub(super) fn clear(&mut self, key: Key) {
        self.few.remove(key);
        self.many.remove(key);
    }

    pub(super) fn forget_until(&mut self, moment: Timestamp) {
        self.few.forget_until(moment);
        self.many.forget_until(moment);
    }
}
