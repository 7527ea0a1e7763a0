//! Passwords.

use std::fmt;

/// A password's hash: a PHC string. It does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Box<str>);

impl PasswordHash {
    /// A hash that no password has.
    #[must_use]
    pub fn unusable() -> Self {
        Self("!".into())
    }

    /// A stored hash.
    #[must_use]
    pub fn from_phc(text: &str) -> Self {
        Self(text.into())
    }

    /// The PHC string, for a store.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}
