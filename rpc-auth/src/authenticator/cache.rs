//! Identities in memory, by the hash of their token: bounded, forgotten by user, and with the times of their use.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rpc_core::{Identity, Listener, Notice, Timestamp};
use tokio::sync::Notify;

use crate::model::{ApiTokenId, SessionId, UserId};
use crate::token::hash::TokenHash;

/// How long a bad token is remembered: it may become good, when it is enabled.
const BAD_LIFE: Duration = Duration::from_secs(5);
/// Bad tokens that are remembered. Anybody can make any number of them, so they are kept apart and push out no good one.
const BAD: usize = 10_000;
/// What the store said of a token.
#[derive(Debug, Clone)]
pub(crate) enum Known {
    Bad,
    Good(Box<Good>),
}

#[derive(Debug, Clone)]
pub(crate) struct Good {
    identity: Identity,
    user: UserId,
    credential: Credential,
    last_used: Timestamp,
    /// Whether `last_used` is to be written yet.
    is_noted: bool,
}

/// What the token belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Credential {
    Session { id: SessionId, ends: Timestamp, idle: Duration },
    ApiToken(ApiTokenId),
}

impl Known {
    pub(crate) fn good(identity: Identity, user: UserId, credential: Credential, last_used: Timestamp) -> Self {
        Self::Good(Box::new(Good { identity, user, credential, last_used, is_noted: false }))
    }
}

/// When credentials were used last.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    pub(crate) sessions: HashMap<SessionId, Timestamp>,
    pub(crate) api_tokens: HashMap<ApiTokenId, Timestamp>,
}

impl Uses {
    fn note(&mut self, credential: Credential, used: Timestamp) {
        let latest = match credential {
            Credential::Session { id, .. } => self.sessions.entry(id).or_insert(used),
            Credential::ApiToken(id) => self.api_tokens.entry(id).or_insert(used),
        };
        *latest = used.max(*latest);
    }
}

/// How often tokens were known, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheCounters {
    /// Tokens that were known when they were presented, bad ones included.
    pub hits: u64,
    /// Tokens that the store had to be asked about.
    pub misses: u64,
    /// Tokens that are known now.
    pub entries: usize,
}

/// The cache of all authenticators of one node.
#[derive(Debug)]
pub(crate) struct IdentityCache {
    epoch: AtomicU64,
    state: Mutex<State>,
    misses: AtomicU64,
    /// Wakes whoever writes uses, when there are as many as identities may be kept.
    many_uses: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Identities that may be kept.
    max: usize,
    good: HashMap<TokenHash, Box<Good>, AsItIs>,
    /// Since when each was known to be bad.
    bad: HashMap<TokenHash, Timestamp>,
    /// The hashes of each user, to be forgotten together.
    by_user: HashMap<UserId, HashSet<TokenHash>>,
    /// The order of insertion; hashes that are gone are passed over.
    order: VecDeque<TokenHash>,
    hits: u64,
    /// The hashes of those that were used since uses were taken.
    used: Vec<TokenHash>,
    /// Uses of those that were used since then, and are gone.
    left: Uses,
}

/// A hash of a hash: the first bytes of it. The good tokens are made here, of random symbols, so that nobody chooses them.
#[derive(Debug, Default, Clone, Copy)]
struct FirstBytes(u64);

type AsItIs = BuildHasherDefault<FirstBytes>;

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    }

    /// The length, which is always the same.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

impl IdentityCache {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            epoch: AtomicU64::new(0),
            state: Mutex::new(State { max: max.max(1), ..State::default() }),
            misses: AtomicU64::new(0),
            many_uses: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes whenever anybody is forgotten: what was read from the store before that is not kept.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// What is known of a token: nothing, that it is bad, or whose it is.
    pub(crate) fn get(&self, hash: &TokenHash, now: Timestamp) -> Option<Option<Identity>> {
        let mut state = self.lock();
        let found = state.find(hash, now);
        state.hits += u64::from(found.is_some());
        self.note_many(&state);
        found
    }

    /// The store is asked about a token.
    pub(crate) fn missed(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    /// How often tokens were known so far.
    pub(crate) fn counters(&self) -> CacheCounters {
        let state = self.lock();
        let (hits, misses) = (state.hits, self.misses.load(Ordering::Relaxed));
        CacheCounters { hits, misses, entries: state.good.len() + state.bad.len() }
    }

    /// Notes what a look at the store found; whose token it is. It is kept for later if the look began in an epoch that has not
    /// ended: `None` for one that is not to be kept at all.
    pub(crate) fn insert(&self, hash: TokenHash, known: Known, now: Timestamp, epoch: Option<u64>) -> Option<Identity> {
        let mut state = self.lock();
        let is_current = epoch == Some(self.epoch());
        match known {
            Known::Bad => {
                if is_current {
                    state.keep_bad(hash, now);
                }
                None
            }
            Known::Good(mut good) => {
                let identity = good.identity.clone();
                good.is_noted = state.may_note();
                if is_current {
                    state.keep(hash, good);
                } else {
                    state.let_go(&good);
                }
                self.note_many(&state);
                Some(identity)
            }
        }
    }

    /// Forgets all tokens of a user, and all that were bad: one of them may be good now.
    pub(crate) fn forget(&self, user: &str) {
        let mut state = self.lock();
        self.epoch.fetch_add(1, Ordering::AcqRel);
        let Ok(user) = user.parse::<UserId>() else { return };
        for hash in state.by_user.remove(&user).unwrap_or_default() {
            if let Some(good) = state.good.remove(&hash) {
                state.let_go(&good);
            }
        }
        state.bad.clear();
    }

    /// Forgets all tokens: what would have said which of them has changed was missed.
    pub(crate) fn forget_all(&self) {
        let mut state = self.lock();
        self.epoch.fetch_add(1, Ordering::AcqRel);
        for good in std::mem::take(&mut state.good).into_values() {
            state.let_go(&good);
        }
        let State { bad, by_user, order, .. } = &mut *state;
        bad.clear();
        by_user.clear();
        order.clear();
    }

    fn note_many(&self, state: &State) {
        if state.noted() >= state.max {
            self.many_uses.notify_one();
        }
    }

    /// Waits until so many uses wait to be written that they should be before their time.
    pub(crate) async fn many_uses(&self) {
        self.many_uses.notified().await;
    }

    /// When sessions and API tokens were used since it was asked last.
    pub(crate) fn take_uses(&self) -> Uses {
        let state = &mut *self.lock();
        let mut uses = std::mem::take(&mut state.left);
        for hash in std::mem::take(&mut state.used) {
            if let Some(good) = state.good.get_mut(&hash)
                && std::mem::replace(&mut good.is_noted, false)
            {
                uses.note(good.credential, good.last_used);
            }
        }
        uses
    }
}

impl Good {
    fn is_alive(&self, now: Timestamp) -> bool {
        match self.credential {
            Credential::Session { ends, idle, .. } => now < ends && now < self.last_used.after(idle),
            Credential::ApiToken(_) => true,
        }
    }
}

impl State {
    fn find(&mut self, hash: &TokenHash, now: Timestamp) -> Option<Option<Identity>> {
        let may_note = self.may_note();
        let Some(good) = self.good.get_mut(hash) else {
            let since = self.bad.get(hash)?;
            return (now < since.after(BAD_LIFE)).then_some(None);
        };
        if !good.is_alive(now) {
            // Idle here: another node may have seen it since, and has told the store.
            self.remove(hash);
            return None;
        }
        good.last_used = good.last_used.max(now);
        if may_note && !std::mem::replace(&mut good.is_noted, true) {
            self.used.push(*hash);
        }
        Some(Some(good.identity.clone()))
    }

    /// Uses that wait to be written.
    fn noted(&self) -> usize {
        self.used.len() + self.left.sessions.len() + self.left.api_tokens.len()
    }

    /// Whether a use may be noted: unless twice as many as identities may be kept wait already, since the store does not keep
    /// up. The next use may be noted.
    fn may_note(&self) -> bool {
        self.noted() < self.max.saturating_mul(2)
    }

    /// Keeps the use of a token that is not known any longer.
    fn let_go(&mut self, good: &Good) {
        if good.is_noted {
            self.left.note(good.credential, good.last_used);
        }
    }

    fn keep_bad(&mut self, hash: TokenHash, now: Timestamp) {
        if self.bad.len() >= BAD {
            self.bad.clear();
        }
        self.bad.insert(hash, now);
    }

    fn keep(&mut self, hash: TokenHash, good: Box<Good>) {
        while self.good.len() >= self.max {
            let Some(oldest) = self.order.pop_front() else { break };
            self.remove(&oldest);
        }
        self.bad.remove(&hash);
        self.by_user.entry(good.user).or_default().insert(hash);
        if good.is_noted {
            self.used.push(hash);
        }
        match self.good.insert(hash, good) {
            Some(before) => self.let_go(&before),
            None => self.order.push_back(hash),
        }
        if self.order.len() > self.max.saturating_mul(2) {
            let good = &self.good;
            self.order.retain(|hash| good.contains_key(hash));
        }
    }

    fn remove(&mut self, hash: &TokenHash) {
        let Some(good) = self.good.remove(hash) else { return };
        self.let_go(&good);
        if let Some(hashes) = self.by_user.get_mut(&good.user) {
            hashes.remove(hash);
            if hashes.is_empty() {
                self.by_user.remove(&good.user);
            }
        }
    }
}

impl Listener for IdentityCache {
    fn hear(&self, notice: &Notice) {
        match notice {
            Notice::User(id) => self.forget(id),
            Notice::Missed => self.forget_all(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
