//! Who hears an event.

use rpc_grammar::reserved::{EVERYBODY, GUEST, ROOT, SELF, USER};
use serde::{Deserialize, Serialize};

use crate::identity::{Identity, User};
use crate::permissions::Permission;

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

    /// The audience that a word in an event's declaration stands for. `self` needs a user besides.
    pub(super) fn declared(word: &str) -> Self {
        match word {
            EVERYBODY => Self::Everyone,
            USER => Self::Users,
            ROOT => Self::Root,
            GUEST => Self::Guests,
            permission => Self::Permission(permission.into()),
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

/// The connections of this user.
impl From<&User> for Audience {
    fn from(user: &User) -> Self {
        Self::User(user.id.clone())
    }
}

/// Those who hold it.
impl From<Permission> for Audience {
    fn from(permission: Permission) -> Self {
        Self::Permission(permission.name.into())
    }
}

#[cfg(test)]
mod tests {
    use super::Audience;

    #[test]
    fn a_declared_word_and_its_audience_are_the_same() {
        for word in ["*", "user", "root", "guest", "billing:read"] {
            assert_eq!(Audience::declared(word).declared_as(), word);
        }
    }
}
