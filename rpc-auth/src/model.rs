//! What is known of users, and what they sign in with.

pub(crate) mod authority;
pub(crate) mod id;
pub(crate) mod permissions;
mod session_life;
mod vocabulary;

use rpc_core::Timestamp;

use crate::password::PasswordHash;
use crate::token::hash::TokenHash;

pub use self::authority::{Authority, AuthorityError, CallerRights, Credential};
pub use self::id::{ApiTokenId, SessionId, UserId};
pub use self::permissions::{GrantCeiling, Grants, GrantsChange};
pub(crate) use self::session_life::SessionLife;
pub use self::vocabulary::{PermissionState, Vocabulary};

/// A user as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// The id, given by the store, never used again.
    pub id: UserId,
    /// The name: normalised, unique.
    pub name: String,
    /// The hash of the password.
    pub password: PasswordHash,
    /// The address: normalised. Unique among confirmed ones only.
    pub email: Option<String>,
    /// Whether the address was confirmed.
    pub email_confirmed: bool,
    /// Whether any address of the user was ever confirmed.
    pub had_confirmed_email: bool,
    /// The Telegram name: normalised, unique.
    pub telegram_name: Option<String>,
    /// Whether the user may sign in.
    pub enabled: bool,
    /// What was granted, as it was granted; see [`Grants`].
    pub permissions: Grants,
    /// When the user was made.
    pub created: Timestamp,
}

impl UserRecord {
    /// Whether this is the root user.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.id == UserId::ROOT
    }
}

/// A user to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// See [`UserRecord::name`].
    pub name: String,
    /// See [`UserRecord::password`].
    pub password: PasswordHash,
    /// See [`UserRecord::email`]. Unconfirmed.
    pub email: Option<String>,
    /// See [`UserRecord::telegram_name`].
    pub telegram_name: Option<String>,
    /// See [`UserRecord::enabled`].
    pub enabled: bool,
    /// See [`UserRecord::permissions`].
    pub permissions: Grants,
    /// See [`UserRecord::created`].
    pub created: Timestamp,
    /// In whose name.
    pub by: Authority,
}

/// What to change of a user; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserChange {
    /// Another name.
    pub name: Option<String>,
    /// Another password.
    pub password: Option<PasswordHash>,
    /// Another address, unconfirmed, or none. The same address stays as confirmed as it is.
    pub email: Option<Option<String>>,
    /// Another Telegram name, or none.
    pub telegram_name: Option<Option<String>>,
    /// Whether the user may sign in.
    pub enabled: Option<bool>,
    /// Other grants.
    pub permissions: Option<GrantsChange>,
    /// What to do with the sessions, in the same step.
    pub sessions: SessionsChange,
    /// Whom it may be made to.
    pub ceiling: GrantCeiling,
    /// In whose name.
    pub by: Authority,
}

impl UserChange {
    /// Whether it voids the confirmation tokens of the user, who was `before` it. Another password, another address and being
    /// disabled do: the mails that the tokens were sent in rest on what was before.
    #[must_use]
    pub fn voids_confirmations(&self, before: &UserRecord) -> bool {
        let is_another_address = self.email.as_ref().is_some_and(|email| *email != before.email);
        self.password.is_some() || self.enabled == Some(false) || is_another_address
    }
}

/// What to do with the sessions of a user who is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionsChange {
    /// They stay.
    #[default]
    Keep,
    /// They end.
    End,
    /// They end, but for this one, if it is the user's.
    EndOthers(SessionId),
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The id, given by the store.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The hash of its token.
    pub hash: TokenHash,
    /// When it began.
    pub created: Timestamp,
    /// When it was used last, to within a minute.
    pub last_used: Timestamp,
}

/// A session to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Whose it is.
    pub user: UserId,
    /// The hash of its token.
    pub hash: TokenHash,
    /// The hash that the password was checked against.
    pub password: PasswordHash,
    /// A stronger hash of the same password, to be kept in place of `password`.
    pub rehashed: Option<PasswordHash>,
    /// When it begins.
    pub created: Timestamp,
}

/// A session that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenedSession {
    /// The session.
    pub id: SessionId,
    /// How many others of the user ended, to make room for it.
    pub ended: u64,
}

/// An API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenRecord {
    /// The id, given by the store.
    pub id: ApiTokenId,
    /// Whose it is.
    pub user: UserId,
    /// The name that its owner gave it.
    pub name: String,
    /// The hash of the token.
    pub hash: TokenHash,
    /// Whether it may be used.
    pub enabled: bool,
    /// What was granted to it. It holds of that what its owner holds.
    pub permissions: Grants,
    /// When it was made.
    pub created: Timestamp,
    /// When it was used last, to within a minute.
    pub last_used: Option<Timestamp>,
}

/// What a confirmation token confirms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConfirmationKind {
    /// That an address is the user's.
    Email,
    /// That whoever holds it may set the password.
    PasswordReset,
}

/// A confirmation token to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewConfirmation {
    /// Whose it is.
    pub user: UserId,
    /// What it confirms.
    pub kind: ConfirmationKind,
    /// The hash of the token.
    pub hash: TokenHash,
    /// The address that it was sent to.
    pub email: String,
    /// When it is no longer good.
    pub expires: Timestamp,
}
