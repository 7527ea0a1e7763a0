//! Passwords: which ones are good enough, and what is kept of them.

mod argon;
mod buffers;
mod common;
mod generated;
mod hasher;
mod policy;

use std::fmt;

use unicode_normalization::UnicodeNormalization;

pub use self::generated::generate_password;
pub use self::hasher::{HasherBusy, HasherCounters, HasherOptions, PasswordHasher};
pub use self::policy::{PasswordFault, PasswordPolicy};

/// Whether a password matches a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// It does not.
    No,
    /// It does.
    Yes,
    /// It does, and the hash should be made anew: its parameters are weaker than those of today.
    YesButWeak,
}

/// A password's hash: a PHC string. `Debug` does not show it.
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

/// The most bytes of a password, as it is given and in NFKC.
const MAX_BYTES: usize = 1024;

/// A password in the form that is hashed: NFKC (NIST SP 800-63B-4, 3.1.1.2), so that a letter typed as one character and the
/// same letter typed with a combining mark are the same password. `None` when it has more than `max` bytes, as it is given
/// or in that form, of which one character may be 18: it costs no more than what is told of it.
fn normalised(password: &str, max: usize) -> Option<String> {
    if password.len() > max {
        return None;
    }
    let mut text = String::with_capacity(max);
    for character in password.nfkc() {
        if text.len() + character.len_utf8() > max {
            return None;
        }
        text.push(character);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, normalised};

    #[test]
    fn a_text_over_the_limit_costs_no_more_than_one_within_it() {
        // 33 bytes in NFKC for 3.
        let ligature = "\u{fdfa}";
        for count in [MAX_BYTES / 3, MAX_BYTES / 3 + 1, 300_000] {
            let text = ligature.repeat(count);
            let cost = allocation_counter::measure(|| assert_eq!(normalised(&text, MAX_BYTES), None));
            assert!(cost.bytes_total <= 2 * MAX_BYTES as u64, "{count}: {cost:?}");
        }
        assert_eq!(normalised(&ligature.repeat(31), MAX_BYTES).unwrap().len(), 31 * 33);
        assert_eq!(normalised(&"x".repeat(MAX_BYTES + 1), MAX_BYTES), None);
        assert_eq!(normalised(&"x".repeat(MAX_BYTES), MAX_BYTES).unwrap().len(), MAX_BYTES);
    }
}
