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
/// Bad tokens that are remembered. Anybody can make any number of them: they have a place of their own, so that they push no
/// good one out.
const BAD: usize = 10_000;
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
    most: usize,
    epoch: AtomicU64,
    state: Mutex<State>,
    misses: AtomicU64,
    trusted: Mutex<HashMap<UserId, VecDeque<(IpAddr, Timestamp)>>>,
}

#[derive(Debug, Default)]
struct State {
    good: HashMap<TokenHash, Box<Good>>,
    /// Since when each was known to be bad.
    bad: HashMap<TokenHash, Timestamp>,
    /// The hashes of each user, to be forgotten together.
    by_user: HashMap<UserId, HashSet<TokenHash>>,
    /// The order of insertion; hashes that are gone are passed over.
    order: VecDeque<TokenHash>,
    used_sessions: HashMap<SessionId, Timestamp>,
    used_tokens: HashMap<ApiTokenId, Timestamp>,
    hits: u64,
}

impl IdentityCache {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            epoch: AtomicU64::new(0),
            state: Mutex::default(),
            misses: AtomicU64::new(0),
            trusted: Mutex::default(),
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
            Known::Good(good) => {
                state.note_use(good.credential, now);
                let identity = good.identity.clone();
                if is_current {
                    state.keep(hash, good, self.most);
                }
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
            state.good.remove(&hash);
        }
        state.bad.clear();
    }

    /// Forgets all tokens: what would have said which of them has changed was missed.
    pub(crate) fn forget_all(&self) {
        let mut state = self.lock();
        self.epoch.fetch_add(1, Ordering::AcqRel);
        let State { good, bad, by_user, order, .. } = &mut *state;
        good.clear();
        bad.clear();
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
    fn find(&mut self, hash: &TokenHash, now: Timestamp) -> Option<Option<Identity>> {
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
        let (identity, credential) = (good.identity.clone(), good.credential);
        self.note_use(credential, now);
        Some(Some(identity))
    }

    fn note_use(&mut self, credential: Credential, now: Timestamp) {
        match credential {
            Credential::Session { id, .. } => self.used_sessions.insert(id, now),
            Credential::ApiToken(id) => self.used_tokens.insert(id, now),
        };
    }

    fn keep_bad(&mut self, hash: TokenHash, now: Timestamp) {
        if self.bad.len() >= BAD {
            self.bad.clear();
        }
        self.bad.insert(hash, now);
    }

    fn keep(&mut self, hash: TokenHash, good: Box<Good>, most: usize) {
        while self.good.len() >= most {
            let Some(oldest) = self.order.pop_front() else { break };
            self.remove(&oldest);
        }
        self.bad.remove(&hash);
        self.by_user.entry(good.user).or_default().insert(hash);
        if self.good.insert(hash, good).is_none() {
            self.order.push_back(hash);
        }
        if self.order.len() > most.saturating_mul(2) {
            let good = &self.good;
            self.order.retain(|hash| good.contains_key(hash));
        }
    }

    fn remove(&mut self, hash: &TokenHash) {
        let Some(good) = self.good.remove(hash) else { return };
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
mod tests {
    use rpc_core::{Timestamp, User};

    use super::{BAD, Credential, IdentityCache, Known};
    use crate::model::{ApiTokenId, UserId};
    use crate::token::hash::TokenHash;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn good(user: i64) -> Known {
        let identity = User::new(&user.to_string(), "ann").into();
        Known::good(identity, UserId::new(user), Credential::ApiToken(ApiTokenId::new(user)), NOW)
    }

    fn hash(number: usize) -> TokenHash {
        TokenHash::of(&number.to_string())
    }

    /// Whether a token is known to be good or bad, if it is known.
    fn is_good(cache: &IdentityCache, number: usize, now: Timestamp) -> Option<bool> {
        cache.get(&hash(number), now).map(|identity| identity.is_some())
    }

    #[test]
    fn the_good_one_that_came_first_makes_room() {
        let cache = IdentityCache::new(2);
        for number in 1..=3 {
            cache.insert(hash(number), good(2), NOW, Some(cache.epoch()));
        }
        assert_eq!([1, 2, 3].map(|number| is_good(&cache, number, NOW)), [None, Some(true), Some(true)]);
    }

    #[test]
    fn bad_tokens_push_no_good_one_out_and_are_bounded() {
        let cache = IdentityCache::new(2);
        cache.insert(hash(0), good(2), NOW, Some(cache.epoch()));
        for number in 1..=3 * BAD {
            cache.insert(hash(number), Known::Bad, NOW, Some(cache.epoch()));
        }
        assert_eq!((is_good(&cache, 0, NOW), is_good(&cache, 3 * BAD, NOW)), (Some(true), Some(false)));
        assert!(cache.lock().bad.len() <= BAD);
    }

    #[test]
    fn a_bad_token_is_looked_at_anew_soon_and_when_somebody_changes() {
        let cache = IdentityCache::new(2);
        cache.insert(hash(1), Known::Bad, NOW, Some(cache.epoch()));
        assert_eq!(is_good(&cache, 1, NOW.after(super::BAD_LIFE)), None);
        assert_eq!(is_good(&cache, 1, NOW), Some(false));
        cache.forget("7");
        assert_eq!(is_good(&cache, 1, NOW), None);
        cache.insert(hash(1), Known::Bad, NOW, Some(cache.epoch()));
        cache.insert(hash(1), good(2), NOW, Some(cache.epoch()));
        assert_eq!(is_good(&cache, 1, NOW), Some(true));
    }

    #[test]
    fn what_was_read_before_somebody_changed_is_not_kept() {
        let cache = IdentityCache::new(2);
        let before = cache.epoch();
        cache.forget("2");
        assert!(cache.insert(hash(1), good(2), NOW, Some(before)).is_some());
        assert!(cache.insert(hash(2), good(2), NOW, None).is_some());
        assert_eq!([1, 2].map(|number| is_good(&cache, number, NOW)), [None, None]);
    }

    #[test]
    fn all_tokens_of_a_user_are_forgotten_and_those_of_others_stay() {
        let cache = IdentityCache::new(9);
        for (number, user) in [(1, 2), (2, 2), (3, 3)] {
            cache.insert(hash(number), good(user), NOW, Some(cache.epoch()));
        }
        cache.forget("2");
        assert_eq!([1, 2, 3].map(|number| is_good(&cache, number, NOW)), [None, None, Some(true)]);
        assert_eq!(cache.lock().by_user.len(), 1);
    }
}
