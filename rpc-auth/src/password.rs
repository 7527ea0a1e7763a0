//! Passwords: which ones are good enough, and what is kept of them.

mod argon;
mod common;
mod generated;
mod hasher;
mod policy;

use std::fmt;

use unicode_normalization::UnicodeNormalization;

pub use self::generated::generate_password;
pub use self::hasher::{HasherBusy, HasherCounters, HasherOptions, PasswordHasher, Verified};
pub use self::policy::{PasswordFault, PasswordPolicy};

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

/// The characters of a password in the form that is hashed: NFKC (NIST SP 800-63B-4, 3.1.1.2), so that a letter typed as
/// one character and the same letter typed with a combining mark are the same password.
fn normalised(password: &str) -> impl Iterator<Item = char> {
    password.nfkc()
}
