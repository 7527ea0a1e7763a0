//! Identities in memory, by the hash of their token: bounded, forgotten by user, and with the times of their use.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rpc_core::{Identity, Listener, Notice, Timestamp};

use crate::model::{ApiTokenId, SessionId, UserId};
use crate::token::hash::TokenHash;

/// How long a bad token is remembered: it may become good, when it is enabled.
const BAD_LIFE: Duration = Duration::from_secs(5);
/// How long an address from which a user signed in is trusted.
const TRUST_LIFE: Duration = Duration::from_secs(30 * 24 * 3600);
/// Addresses that are trusted for one user.
const TRUSTED_PER_USER: usize = 16;
/// Users whose addresses are remembered.
const TRUSTED_USERS: usize = 100_000;

/// What a look at the store found.
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
}

/// What the token is of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Credential {
    Session { id: SessionId, ends: Timestamp, idle: Duration },
    ApiToken(ApiTokenId),
}

impl Known {
    pub(crate) fn good(identity: Identity, user: UserId, credential: Credential, last_used: Timestamp) -> Self {
        Self::Good(Box::new(Good { identity, user, credential, last_used }))
    }
}

/// When each of some credentials was used last.
pub(crate) type Uses<Id> = Vec<(Id, Timestamp)>;

/// The cache of all authenticators of one node.
#[derive(Debug)]
pub(crate) struct IdentityCache {
    most: usize,
    epoch: AtomicU64,
    state: Mutex<State>,
    trusted: Mutex<HashMap<UserId, VecDeque<(IpAddr, Timestamp)>>>,
}

#[derive(Debug, Default)]
struct State {
    by_hash: HashMap<TokenHash, Entry>,
    /// The hashes of each user, to be forgotten together.
    by_user: HashMap<UserId, HashSet<TokenHash>>,
    /// The order of insertion; hashes that are gone are passed over.
    order: VecDeque<TokenHash>,
    used_sessions: HashMap<SessionId, Timestamp>,
    used_tokens: HashMap<ApiTokenId, Timestamp>,
}

#[derive(Debug)]
struct Entry {
    known: Known,
    since: Timestamp,
}

impl IdentityCache {
    pub(crate) fn new(most: usize) -> Self {
        Self { most: most.max(1), epoch: AtomicU64::new(0), state: Mutex::default(), trusted: Mutex::default() }
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
        let entry = state.by_hash.get_mut(hash)?;
        match &mut entry.known {
            Known::Bad => (now < entry.since.after(BAD_LIFE)).then_some(None),
            Known::Good(good) if !good.is_alive(now) => {
                // Idle here: another node may have seen it since, and has told the store.
                state.remove(hash);
                None
            }
            Known::Good(good) => {
                good.last_used = good.last_used.max(now);
                let (identity, credential) = (good.identity.clone(), good.credential);
                state.note_use(credential, now);
                Some(Some(identity))
            }
        }
    }

    /// Notes what a look at the store found; whose token it is. It is kept for later if the look began in an epoch that has not
    /// ended: `None` for one that is not to be kept at all.
    pub(crate) fn insert(&self, hash: TokenHash, known: Known, now: Timestamp, epoch: Option<u64>) -> Option<Identity> {
        let mut state = self.lock();
        let identity = match &known {
            Known::Bad => None,
            Known::Good(good) => {
                state.note_use(good.credential, now);
                Some(good.identity.clone())
            }
        };
        if epoch == Some(self.epoch()) {
            state.keep(hash, Entry { known, since: now }, self.most);
        }
        identity
    }

    /// Forgets all tokens of a user, and all that were bad: one of them may be good now.
    pub(crate) fn forget(&self, user: &str) {
        let mut state = self.lock();
        self.epoch.fetch_add(1, Ordering::AcqRel);
        let Ok(user) = user.parse::<UserId>() else { return };
        for hash in state.by_user.remove(&user).unwrap_or_default() {
            state.by_hash.remove(&hash);
        }
        state.by_hash.retain(|_, entry| matches!(entry.known, Known::Good(_)));
    }

    /// Forgets all tokens: what would have said which of them has changed was missed.
    pub(crate) fn forget_all(&self) {
        let mut state = self.lock();
        self.epoch.fetch_add(1, Ordering::AcqRel);
        let State { by_hash, by_user, order, .. } = &mut *state;
        by_hash.clear();
        by_user.clear();
        order.clear();
    }

    /// When sessions and API tokens were used since it was asked last.
    pub(crate) fn take_uses(&self) -> (Uses<SessionId>, Uses<ApiTokenId>) {
        let mut state = self.lock();
        let sessions = std::mem::take(&mut state.used_sessions).into_iter().collect();
        let tokens = std::mem::take(&mut state.used_tokens).into_iter().collect();
        (sessions, tokens)
    }

    /// A user has signed in from an address.
    pub(crate) fn trust(&self, user: UserId, client: Option<IpAddr>, now: Timestamp) {
        let Some(client) = client else { return };
        let mut trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        if trusted.len() >= TRUSTED_USERS && !trusted.contains_key(&user) {
            trusted.retain(|_, addresses| addresses.back().is_some_and(|(_, at)| now < at.after(TRUST_LIFE)));
            if trusted.len() >= TRUSTED_USERS {
                return;
            }
        }
        let addresses = trusted.entry(user).or_default();
        addresses.retain(|(known, _)| *known != client);
        addresses.push_back((client, now));
        if addresses.len() > TRUSTED_PER_USER {
            addresses.pop_front();
        }
    }

    /// Whether a user signed in from an address not long ago, as far as this node knows.
    pub(crate) fn trusts(&self, user: UserId, client: Option<IpAddr>, now: Timestamp) -> bool {
        let trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        let addresses = trusted.get(&user).into_iter().flatten();
        client.is_some_and(|client| addresses.clone().any(|(known, at)| *known == client && now < at.after(TRUST_LIFE)))
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
    fn note_use(&mut self, credential: Credential, now: Timestamp) {
        match credential {
            Credential::Session { id, .. } => self.used_sessions.insert(id, now),
            Credential::ApiToken(id) => self.used_tokens.insert(id, now),
        };
    }

    fn keep(&mut self, hash: TokenHash, entry: Entry, most: usize) {
        while self.by_hash.len() >= most {
            let Some(oldest) = self.order.pop_front() else { break };
            self.remove(&oldest);
        }
        if let Known::Good(good) = &entry.known {
            self.by_user.entry(good.user).or_default().insert(hash);
        }
        if self.by_hash.insert(hash, entry).is_none() {
            self.order.push_back(hash);
        }
        if self.order.len() > most.saturating_mul(2) {
            let by_hash = &self.by_hash;
            self.order.retain(|hash| by_hash.contains_key(hash));
        }
    }

    fn remove(&mut self, hash: &TokenHash) {
        let Some(Entry { known: Known::Good(good), .. }) = self.by_hash.remove(hash) else { return };
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
