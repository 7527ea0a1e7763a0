//! Accounts: what people do with users, sessions, API tokens and addresses. Each change is one atomic step of the store, and
//! holds on this node before the method returns; other nodes are told over the bus. A store that nodes share may tell them too,
//! with the change itself, as the one in Postgres does: hearing twice of a user costs a look at the store.

mod admin;
mod api_tokens;
mod error;
mod maintenance;
mod options;
mod profile;
mod recovery;
mod sign_in;
mod sign_up;
mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use rpc_core::{Bus, Clock, Identity, Listener, Notice, Permission, Proof, Timestamp};
use tokio_util::task::TaskTracker;

pub use self::admin::{CreatedUser, Password, Target, UserFields};
pub use self::error::{AccountError, Field, FieldFault};
pub use self::maintenance::RootUser;
pub use self::options::{AccountOptions, SignUp};
pub use self::sign_in::SignedIn;
pub use self::sign_up::SignUpFields;
use crate::authenticator::{CacheCounters, CachedAuthenticator, IdentityCache};
use crate::mail::AccountMailer;
use crate::model::{Authority, CallerRights, Credential, SessionId, SessionLife, UserId, UserRecord, Vocabulary};
use crate::names;
use crate::password::PasswordHasher;
use crate::store::{AccountStore, StoreError};
use crate::throttle::{MailQuota, SignInThrottle, TrustedNetworks};

/// The accounts of an application. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    store: Arc<dyn AccountStore>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    mailer: Arc<dyn AccountMailer>,
    vocabulary: Arc<Vocabulary>,
    options: AccountOptions,
    hasher: PasswordHasher,
    throttle: SignInThrottle,
    trusted: TrustedNetworks,
    mail_quota: MailQuota,
    cache: Arc<IdentityCache>,
    changes: TaskTracker,
}

/// The parts that accounts are built on.
pub struct AccountParts {
    /// The store that keeps them.
    pub store: Arc<dyn AccountStore>,
    /// The bus to other nodes. Build the `Api` on the same one, after the accounts.
    pub bus: Arc<dyn Bus>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Who writes mails.
    pub mailer: Arc<dyn AccountMailer>,
    /// The permissions of the application.
    pub permissions: Vec<Permission>,
}

impl fmt::Debug for AccountParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountParts").field("permissions", &self.permissions).finish_non_exhaustive()
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts").field("options", &self.0.options).finish_non_exhaustive()
    }
}

/// The caller of an operation, looked up: who they are now, not when their token was cached.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user: UserRecord,
    /// Root in a session.
    pub(crate) is_root: bool,
    /// What they hold: by an API token, what was given to it at most.
    pub(crate) held: BTreeSet<&'static str>,
    pub(crate) session: Option<SessionId>,
    /// What the call was allowed for, and what they hold beside it by now.
    rights: CallerRights,
}

impl Caller {
    /// For a change of others: whoever makes it still holds everything that it may have been allowed for.
    pub(crate) fn authority(&self) -> Authority {
        Authority::Caller(self.rights.clone())
    }

    /// Whether they no longer hold what they were let in with.
    pub(crate) fn has_lost_something(&self) -> bool {
        self.rights.permissions.keys().any(|permission| !self.held.contains(permission.as_str()))
    }

    /// For a change of what is their own, with the permissions that it takes.
    pub(crate) fn own_authority(&self, permissions: BTreeMap<String, bool>) -> Authority {
        Authority::Caller(CallerRights { permissions, ..self.rights.clone() })
    }
}

impl Accounts {
    /// Builds accounts, and listens to the notices of other nodes.
    #[must_use]
    pub fn new(parts: AccountParts, options: AccountOptions) -> Self {
        let vocabulary = Arc::new(Vocabulary::new(parts.permissions));
        let cache = Arc::new(IdentityCache::new(options.cached_identities));
        let listener: Arc<dyn Listener> = Arc::clone(&cache) as _;
        parts.bus.listen(Arc::downgrade(&listener));
        Self(Arc::new(Inner {
            store: parts.store,
            bus: parts.bus,
            clock: parts.clock,
            mailer: parts.mailer,
            vocabulary,
            hasher: PasswordHasher::new(options.hasher),
            throttle: SignInThrottle::new(options.throttle),
            trusted: TrustedNetworks::new(options.throttle.trust_for),
            mail_quota: MailQuota::new(options.mails_per_hour),
            options,
            cache,
            changes: TaskTracker::new(),
        }))
    }

    /// Checks the tokens of these accounts.
    #[must_use]
    pub fn authenticator(&self) -> CachedAuthenticator {
        let AccountOptions { tokens, session_idle, session_absolute, .. } = &self.0.options;
        CachedAuthenticator::new(
            Arc::clone(&self.0.store),
            Arc::clone(&self.0.bus),
            Arc::clone(&self.0.clock),
            Arc::clone(&self.0.vocabulary),
            Arc::clone(&self.0.cache),
            tokens.clone(),
            SessionLife { idle: *session_idle, absolute: *session_absolute },
        )
    }

    /// The identity that a user, by id or name, would have in a session: for whoever runs the application and acts in their name.
    /// `None` for a user who does not exist or is disabled.
    ///
    /// # Errors
    ///
    /// `Store`.
    pub async fn identity_of(&self, user: &str) -> Result<Option<Identity>, AccountError> {
        let user = self.user_by_text(user).await?.filter(|user| user.enabled);
        Ok(user.map(|user| self.authenticator().session_identity(&user).into()))
    }

    /// The permissions of the application.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.0.vocabulary
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &AccountOptions {
        &self.0.options
    }

    /// How often tokens were known to this node, without the store.
    #[must_use]
    pub fn cache_counters(&self) -> CacheCounters {
        self.0.cache.counters()
    }

    /// Hashes passwords; for counters.
    #[must_use]
    pub fn hasher(&self) -> &PasswordHasher {
        &self.0.hasher
    }

    /// Whether a granter may decide about these permissions: each is declared, and held by the granter.
    fn check_grants(
        &self,
        grants: &BTreeMap<String, bool>,
        granter: &BTreeSet<&'static str>,
    ) -> Result<(), AccountError> {
        let refused = self.0.vocabulary.refused(grants, granter).into_iter();
        let faults: Vec<FieldFault> = refused.map(|(name, why)| FieldFault::permission(name, why)).collect();
        if faults.is_empty() { Ok(()) } else { Err(AccountError::Invalid(faults)) }
    }

    pub(crate) fn store(&self) -> &dyn AccountStore {
        &*self.0.store
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now().into()
    }

    /// Makes a change of what somebody may do, and announces it, whether it was made, was not, or nobody knows. It runs to its
    /// end even if the caller goes away, so that no node goes on with what it knew before.
    pub(crate) async fn change<T, E, F>(
        &self,
        user: UserId,
        change: impl FnOnce(Arc<dyn AccountStore>) -> F,
    ) -> Result<T, AccountError>
    where
        T: Send + 'static,
        E: Into<AccountError> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let (accounts, work) = (self.clone(), change(Arc::clone(&self.0.store)));
        let task = self.0.changes.spawn(async move {
            let changed = work.await;
            accounts.announce(user).await;
            changed
        });
        match task.await {
            Ok(changed) => changed.map_err(Into::into),
            Err(lost) => Err(StoreError(Box::new(lost)).into()),
        }
    }

    /// Announces that somebody's rights have changed: this node forgets at once what it knew of them, the others are told.
    pub(crate) async fn announce(&self, user: UserId) {
        let id = user.to_string();
        self.0.cache.forget(&id);
        if let Err(error) = self.0.bus.announce(Notice::User(id.as_str().into())).await {
            tracing::warn!(event = "bus.failed", user = id, error = %error, "other nodes could not be told of a change");
        }
    }

    /// The authority of a caller, which the store checks when it makes a change: they exist and are enabled, their credential is
    /// good, and they hold the permissions that they were let in with. For changes of what is kept beside accounts; see
    /// [`MemoryStore::hold`](crate::MemoryStore::hold), and `postgres::hold`.
    ///
    /// # Errors
    ///
    /// `NotSignedIn` for a guest.
    pub fn authority(&self, identity: &Identity) -> Result<Authority, AccountError> {
        self.rights(identity).map(Authority::Caller)
    }

    fn rights(&self, identity: &Identity) -> Result<CallerRights, AccountError> {
        let user = identity.user().ok_or(AccountError::NotSignedIn)?;
        let id = user.id.parse().map_err(|_| AccountError::NotSignedIn)?;
        let shown = user.credential.as_deref();
        let credential = match user.proof {
            Proof::Session => shown.and_then(|id| id.parse().ok()).map(Credential::Session),
            Proof::ApiToken => shown.and_then(|id| id.parse().ok()).map(Credential::ApiToken),
        };
        let permissions = self.0.vocabulary.with_defaults(|name| identity.holds(name));
        Ok(CallerRights { user: id, credential: credential.unwrap_or(Credential::None), permissions })
    }

    /// Who calls, as the store knows them now.
    pub(crate) async fn caller(&self, identity: &Identity) -> Result<Caller, AccountError> {
        let mut rights = self.rights(identity)?;
        let record = self.store().user(rights.user).await?.filter(|user| user.enabled);
        let record = record.ok_or(AccountError::NotSignedIn)?;
        let in_session = identity.user().is_some_and(|user| user.proof == Proof::Session);
        let session = match rights.credential {
            Credential::Session(id) => Some(id),
            Credential::ApiToken(_) | Credential::None => None,
        };
        let mut held = self.0.vocabulary.held_by(&record);
        held.retain(|name| in_session || identity.holds(name));
        rights.permissions.extend(self.0.vocabulary.with_defaults(|name| held.contains(name)));
        Ok(Caller { is_root: record.is_root() && in_session, held, user: record, session, rights })
    }

    /// The user with an id, or the name.
    pub(crate) async fn user_by_text(&self, text: &str) -> Result<Option<UserRecord>, AccountError> {
        let found = match (text.parse(), names::login(text)) {
            (Ok(id), _) => self.store().user(id).await?,
            (Err(_), Some(name)) => self.store().user_by_name(&name).await?,
            (Err(_), None) => None,
        };
        Ok(found)
    }

    /// The address that limits count for a caller.
    pub(crate) fn normal_client(client: Option<IpAddr>) -> Option<IpAddr> {
        client.map(|address| address.to_canonical())
    }
}
