//! Tokens become identities: from memory where they are known, with one look at the store where they are not.

mod cache;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use rpc_core::{AuthError, AuthRequest, Authenticator, Bus, Clock, Identity, Timestamp, Token, User};

pub use self::cache::CacheCounters;
use self::cache::{Credential, Known};
pub(crate) use self::cache::{IdentityCache, Uses};
use crate::model::{SessionLife, UserRecord, Vocabulary};
use crate::store::{AccountStore, StoreError};
use crate::token::{ParsedToken, TokenFormat, TokenKind};

/// An [`Authenticator`] over a store, with a bounded cache by the hash of the token. A wrong checksum never reaches the store,
/// a cached token neither, while the bus is [current](Bus::is_current): else each call asks the store, and nothing that it says
/// then is kept.
#[derive(Clone)]
pub struct CachedAuthenticator {
    store: Arc<dyn AccountStore>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    vocabulary: Arc<Vocabulary>,
    cache: Arc<IdentityCache>,
    tokens: TokenFormat,
    sessions: SessionLife,
}

impl fmt::Debug for CachedAuthenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedAuthenticator").field("tokens", &self.tokens).finish_non_exhaustive()
    }
}

impl CachedAuthenticator {
    pub(crate) fn new(
        store: Arc<dyn AccountStore>,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
        vocabulary: Arc<Vocabulary>,
        cache: Arc<IdentityCache>,
        tokens: TokenFormat,
        sessions: SessionLife,
    ) -> Self {
        Self { store, bus, clock, vocabulary, cache, tokens, sessions }
    }

    async fn look_up(&self, parsed: &ParsedToken, now: Timestamp) -> Result<Known, StoreError> {
        match parsed.kind {
            TokenKind::Session => {
                let Some((session, user)) = self.store.session(&parsed.hash).await? else { return Ok(Known::Bad) };
                if !user.enabled || self.sessions.is_over(&session, now) {
                    return Ok(Known::Bad);
                }
                let identity = self.session_identity(&user).credential(&session.id.to_string());
                let ends = self.sessions.end_of(&session);
                let credential = Credential::Session { id: session.id, ends, idle: self.sessions.idle };
                Ok(Known::good(identity.into(), user.id, credential, now))
            }
            TokenKind::Api => {
                let found = self.store.api_token_by_hash(&parsed.hash).await?;
                let Some((token, owner)) = found.filter(|(token, owner)| token.enabled && owner.enabled) else {
                    return Ok(Known::Bad);
                };
                let held = self.vocabulary.held_by_token(&token.permissions, &owner);
                let identity = held.into_iter().fold(named(&owner), User::permission).by_api_token();
                let identity = identity.credential(&token.id.to_string());
                Ok(Known::good(identity.into(), owner.id, Credential::ApiToken(token.id), now))
            }
            TokenKind::Confirmation => Ok(Known::Bad),
        }
    }

    pub(crate) fn session_identity(&self, user: &UserRecord) -> User {
        let identity = self.vocabulary.held_by(user).into_iter().fold(named(user), User::permission);
        if user.is_root() { identity.root() } else { identity }
    }
}

fn named(user: &UserRecord) -> User {
    User::new(&user.id.to_string(), &user.name)
}

#[async_trait]
impl Authenticator for CachedAuthenticator {
    async fn authenticate(&self, token: &Token, _: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        let hash = self.tokens.hash_of(token.expose()).ok_or(AuthError::BadToken)?;
        let now = self.clock.now().into();
        let is_current = self.bus.is_current();
        if is_current && let Some(known) = self.cache.get(&hash, now) {
            return known.ok_or(AuthError::BadToken);
        }
        let parsed = self.tokens.parse(token.expose()).ok_or(AuthError::BadToken)?;
        self.cache.missed();
        let epoch = is_current.then(|| self.cache.epoch());
        let known = self.look_up(&parsed, now).await.map_err(|error| AuthError::Unavailable(error.into()))?;
        self.cache.insert(parsed.hash, known, now, epoch).ok_or(AuthError::BadToken)
    }
}
