//! What accounts need of a storage: five narrow traits. Each method is one atomic operation; services never read and then
//! write. What is made in somebody's name comes with their [`Authority`], which is held against what is stored in the same
//! operation. Times are given by the caller, so that a store needs no clock.

mod decorator;
pub(crate) mod query;
pub(crate) mod search;

use std::net::IpAddr;

use async_trait::async_trait;
use rpc_core::Timestamp;
pub use rpc_core::storage::StoreError;
use thiserror::Error;

use crate::model::{
    ApiTokenId, ApiTokenRecord, Authority, AuthorityError, ConfirmationKind, GrantCeiling, Grants, GrantsChange,
    NewConfirmation, NewSession, NewUser, OpenedSession, SessionId, SessionRecord, UserChange, UserId, UserRecord,
};
use crate::password::PasswordHash;
use crate::token::hash::TokenHash;

pub use self::decorator::StoreDecorator;
pub use self::query::{ApiTokenQuery, Page, PageRequest, UserQuery, UserSort};

/// A user cannot be made, changed or removed.
#[derive(Debug, Error)]
pub enum UserError {
    /// Another user has the name.
    #[error("another user has the name")]
    NameTaken,
    /// Another user has confirmed the address.
    #[error("another user has confirmed the address")]
    EmailTaken,
    /// Another user has the Telegram name.
    #[error("another user has the Telegram name")]
    TelegramNameTaken,
    /// The user holds more than the [`GrantCeiling`] allows.
    #[error("the user holds a permission that whoever changes them does not hold")]
    HoldsMore,
    /// The caller may not make the change, or no longer.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Users. Names and Telegram names are unique; addresses are unique among confirmed ones.
#[async_trait]
pub trait UserStore: Send + Sync + 'static {
    /// Makes a user, with the next id.
    ///
    /// # Errors
    ///
    /// Whoever makes the user [may not](NewUser::by), or else a unique value is taken (of several, the name is told first, then
    /// the address); nothing was made.
    async fn create_user(&self, user: NewUser) -> Result<UserRecord, UserError>;

    /// Makes the root user, with the id 1 and enabled, unless there is one. Returns whether it was made. Of many nodes that do it
    /// at once, one makes it.
    async fn create_root(&self, name: &str, password: PasswordHash, now: Timestamp) -> Result<bool, StoreError>;

    /// The user with an id.
    async fn user(&self, id: UserId) -> Result<Option<UserRecord>, StoreError>;

    /// The user who signs in with a text: the one who has confirmed it as their address, else the one who has it as name.
    async fn user_by_login(&self, login: &str) -> Result<Option<UserRecord>, StoreError>;

    /// The user with a name.
    async fn user_by_name(&self, name: &str) -> Result<Option<UserRecord>, StoreError>;

    /// A page of users; see [`UserQuery`].
    async fn users(&self, query: &UserQuery) -> Result<Page<UserRecord>, StoreError>;

    /// Changes a user, ends their sessions where the change says so, and removes their confirmation tokens where it
    /// [voids](UserChange::voids_confirmations) them. Returns the changed user, or `None` when there is none. One atomic step:
    /// nobody is disabled, or has another password, while a session of before goes on or a mailed link of before is good.
    ///
    /// # Errors
    ///
    /// Whoever makes the change [may not](UserChange::by), or else a unique value is taken (told in the same order as by
    /// [`UserStore::create_user`]), or else the user holds more than the ceiling of the change allows: all of it as it is when the
    /// change is made and not before. Nothing was changed, and no session ended.
    async fn update_user(&self, id: UserId, change: &UserChange) -> Result<Option<UserRecord>, UserError>;

    /// Removes a user with their sessions, API tokens and confirmations. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// Whoever removes the user may not, or else the user holds more than the ceiling allows, when they would be removed; nothing
    /// was.
    async fn delete_user(&self, id: UserId, ceiling: &GrantCeiling, by: &Authority) -> Result<bool, UserError>;
}

/// Sessions.
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Makes a session for a user who is enabled and still has the password that was checked, so that no session outlives a
    /// change that was made while it was checked; replaces the hash of the password, where `session` says so. `None` when
    /// the user is gone or disabled or has another password: nothing was made. A user who then has more than `max` loses
    /// those that were idle longest (of several, those made first), never the new one. One atomic step.
    async fn create_session(&self, session: NewSession, max: usize) -> Result<Option<OpenedSession>, StoreError>;

    /// The session with a token, and its user, however old it is.
    async fn session(&self, hash: &TokenHash) -> Result<Option<(SessionRecord, UserRecord)>, StoreError>;

    /// Notes when sessions were used. One that is gone is passed over; an earlier time than the stored one changes nothing.
    async fn touch_sessions(&self, used: &[(SessionId, Timestamp)]) -> Result<(), StoreError>;

    /// Ends a session. Returns whether there was one.
    async fn delete_session(&self, id: SessionId) -> Result<bool, StoreError>;

    /// Removes sessions made before `created` or used last before `used`. Returns how many.
    async fn purge_sessions(&self, created: Timestamp, used: Timestamp) -> Result<u64, StoreError>;
}

/// An API token cannot be made or changed.
#[derive(Debug, Error)]
pub enum ApiTokenError {
    /// The caller may not do it, or no longer.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The user has as many as allowed.
    #[error("the user has as many API tokens as allowed")]
    TooMany,
    /// There is no such user.
    #[error("there is no such user")]
    NoUser,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// API tokens. A token of another user counts as none. Whoever makes or changes one must be allowed to when it is done; else
/// nothing is done.
#[async_trait]
pub trait ApiTokenStore: Send + Sync + 'static {
    /// Makes a token, enabled and without permissions, unless the user has `max` already: also when many are made at once.
    async fn create_api_token(
        &self,
        user: UserId,
        name: &str,
        hash: TokenHash,
        now: Timestamp,
        max: usize,
        by: &Authority,
    ) -> Result<ApiTokenRecord, ApiTokenError>;

    /// The token, and its owner, enabled or not.
    async fn api_token_by_hash(&self, hash: &TokenHash) -> Result<Option<(ApiTokenRecord, UserRecord)>, StoreError>;

    /// One token of a user.
    async fn api_token(&self, user: UserId, id: ApiTokenId) -> Result<Option<ApiTokenRecord>, StoreError>;

    /// A page of a user's tokens, by id.
    async fn api_tokens(&self, user: UserId, query: &ApiTokenQuery) -> Result<Page<ApiTokenRecord>, StoreError>;

    /// Enables or disables a token. Returns the changed token.
    async fn set_api_token_enabled(
        &self,
        user: UserId,
        id: ApiTokenId,
        enabled: bool,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError>;

    /// Changes the grants of a token. Returns the changed token.
    async fn change_api_token_grants(
        &self,
        user: UserId,
        id: ApiTokenId,
        change: &GrantsChange,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError>;

    /// Removes a token. Returns what it was.
    async fn delete_api_token(
        &self,
        user: UserId,
        id: ApiTokenId,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError>;

    /// Notes when tokens were used, as [`SessionStore::touch_sessions`].
    async fn touch_api_tokens(&self, used: &[(ApiTokenId, Timestamp)]) -> Result<(), StoreError>;
}

/// A confirmation token is wrong, used, expired or replaced by a newer one, or no longer applies: callers cannot tell which.
#[derive(Debug, Error)]
pub enum ConfirmationError {
    /// See above.
    #[error("the token is wrong, used, expired or replaced")]
    Invalid,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Confirmation tokens. Each is good once; of two concurrent uses one wins.
#[async_trait]
pub trait ConfirmationStore: Send + Sync + 'static {
    /// Keeps a token, for a user who is enabled and still has the address that it is sent to: a mail that is written while either
    /// changes is void like those of before. Returns whether it was kept. Then older ones of the user and kind are no longer
    /// good.
    async fn create_confirmation(&self, confirmation: NewConfirmation) -> Result<bool, StoreError>;

    /// Uses up a token of the kind [`ConfirmationKind::Email`] and confirms the address, if the user still has it and nobody else
    /// has confirmed it meanwhile. Returns the user. One atomic step.
    ///
    /// # Errors
    ///
    /// The token does not apply, also when `now` is the moment at which it expires; nothing was changed of any user.
    async fn confirm_email(&self, hash: &TokenHash, now: Timestamp) -> Result<UserRecord, ConfirmationError>;

    /// Uses up a token of the kind [`ConfirmationKind::PasswordReset`]: sets the password, confirms the address that it was sent
    /// to (unless somebody else has confirmed it), ends all sessions, disables all API tokens and removes all other confirmation
    /// tokens of the user, who must be enabled and still have that address: whoever reads the mail of an address that a user has
    /// left takes nothing over. Returns the user. One atomic step.
    ///
    /// # Errors
    ///
    /// As [`ConfirmationStore::confirm_email`].
    async fn reset_password(
        &self,
        hash: &TokenHash,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<UserRecord, ConfirmationError>;

    /// The user behind a token that would now be accepted, without using it up: for checks that come before.
    async fn confirmation_user(
        &self,
        hash: &TokenHash,
        kind: ConfirmationKind,
        now: Timestamp,
    ) -> Result<Option<UserRecord>, StoreError>;

    /// Removes tokens that expired before a moment. Returns how many. One that was used or replaced may be gone already.
    async fn purge_confirmations(&self, expired: Timestamp) -> Result<u64, StoreError>;
}

/// The networks from which users came in, by a password or by a mail, each an address as [`rpc_core::network`] makes it. What is
/// kept here is known to all nodes, and after a restart.
#[async_trait]
pub trait NetworkStore: Send + Sync + 'static {
    /// Trusts a network for a user until a moment; one that is trusted already, until the later one. A user who then has more than
    /// `max` loses those that are trusted for the shortest time, never this one. For a user who is gone nothing is kept. One
    /// atomic step.
    async fn trust_network(
        &self,
        user: UserId,
        network: IpAddr,
        until: Timestamp,
        max: usize,
    ) -> Result<(), StoreError>;

    /// Whether a network is trusted for a user at a moment: not at the one that it is trusted until.
    async fn is_trusted_network(&self, user: UserId, network: IpAddr, now: Timestamp) -> Result<bool, StoreError>;

    /// Removes networks that were trusted until before a moment. Returns how many.
    async fn purge_networks(&self, ended: Timestamp) -> Result<u64, StoreError>;
}

/// A storage of everything that accounts need.
pub trait AccountStore: UserStore + SessionStore + ApiTokenStore + ConfirmationStore + NetworkStore {}

impl<S: UserStore + SessionStore + ApiTokenStore + ConfirmationStore + NetworkStore> AccountStore for S {}

/// Nothing was decided about any permission; the application makes the user.
impl Default for NewUser {
    fn default() -> Self {
        Self {
            name: String::new(),
            password: PasswordHash::unusable(),
            email: None,
            telegram_name: None,
            enabled: true,
            permissions: Grants::default(),
            created: Timestamp::default(),
            by: Authority::Application,
        }
    }
}
