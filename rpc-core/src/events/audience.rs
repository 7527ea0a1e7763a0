//! Who hears an event.

use rpc_grammar::reserved::{EVERYBODY, GUEST, ROOT, SELF, USER};
use serde::{Deserialize, Serialize};

use crate::identity::Identity;

/// Who is to hear a published event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Every connection.
    Everyone,
    /// Connections of the user with this id.
    User(Box<str>),
    /// Connections of all users.
    Users,
    /// Connections of root.
    Root,
    /// Connections without a user.
    Guests,
    /// Connections of users who hold this permission.
    Permission(Box<str>),
}

impl Audience {
    /// Whether a connection of somebody belongs to it.
    #[must_use]
    pub fn includes(&self, identity: &Identity) -> bool {
        match self {
            Self::Everyone => true,
            Self::User(id) => identity.user().is_some_and(|user| user.id == *id),
            Self::Users => identity.user().is_some(),
            Self::Root => identity.is_root(),
            Self::Guests => identity.user().is_none(),
            Self::Permission(name) => identity.holds(name),
        }
    }

    /// The word for it in an event's declaration.
    pub(super) fn declared_as(&self) -> &str {
        match self {
            Self::Everyone => EVERYBODY,
            Self::User(_) => SELF,
            Self::Users => USER,
            Self::Root => ROOT,
            Self::Guests => GUEST,
            Self::Permission(name) => name,
        }
    }
}
