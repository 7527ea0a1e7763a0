//! Which passwords may be set.

use thiserror::Error;

use super::common::is_common;
use super::{MAX_BYTES, normalised};

/// Which passwords may be set, after NIST SP 800-63B-4 (3.1.1.2): a least length, a list of common ones, and no rule about
/// kinds of characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The least length, in characters (code points) of the password in NFKC: 8 unless told, the least that the section
    /// permits where a second factor stands beside the password; it wants 15 where none does.
    pub min_chars: usize,
    /// The greatest length, in bytes of the password as it is given and in NFKC: 1024 unless told, which is also the most.
    /// The section asks for at least 64 characters. A longer password is refused; nothing is ever cut off.
    pub max_bytes: usize,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_chars: 8, max_bytes: 1024 }
    }
}

/// Why a password may not be set. The texts are for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasswordFault {
    /// It has too few characters.
    #[error("a password has at least {min} characters")]
    TooShort {
        /// The least number of characters.
        min: usize,
    },
    /// It has too many bytes.
    #[error("a password has at most {max_bytes} bytes")]
    TooLong {
        /// The greatest number of bytes in UTF-8, before and after NFKC.
        max_bytes: usize,
    },
    /// It is on the list of common ones.
    #[error("this password is one of the most used and would be guessed soon")]
    Common,
    /// It is the user name, the address, or the name of the application.
    #[error("a password is not the user name, the address or the name of the application")]
    IsContext,
    /// It contains U+0000.
    #[error("a password does not contain the character U+0000")]
    Nul,
}

impl PasswordFault {
    /// The rule that is broken, as in the violations of a schema.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "minLength",
            Self::TooLong { .. } => "maxLength",
            Self::Common => "common",
            Self::IsContext => "context",
            Self::Nul => "pattern",
        }
    }
}

impl PasswordPolicy {
    /// Whether a password may be set.
    ///
    /// The words of the `context` (user name, address, name of the application) are refused as the whole password,
    /// whatever their case, and so is the local part of a word that is an address; passwords that contain one are good.
    /// The time taken is linear in the lengths.
    ///
    /// # Errors
    ///
    /// The first rule that it breaks.
    pub fn check(&self, password: &str, context: &[&str]) -> Result<(), PasswordFault> {
        if password.contains('\0') {
            return Err(PasswordFault::Nul);
        }
        let max_bytes = self.max_bytes.min(MAX_BYTES);
        let password = normalised(password, max_bytes).ok_or(PasswordFault::TooLong { max_bytes })?;
        if password.chars().count() < self.min_chars {
            return Err(PasswordFault::TooShort { min: self.min_chars });
        }
        let folded = password.to_lowercase();
        if context.iter().any(|word| is_word(&folded, word)) {
            return Err(PasswordFault::IsContext);
        }
        if is_common(&folded) {
            return Err(PasswordFault::Common);
        }
        Ok(())
    }
}

fn is_word(folded: &str, word: &str) -> bool {
    // A word that is longer than any password is none.
    let Some(word) = normalised(word.trim(), MAX_BYTES).map(|word| word.to_lowercase()) else { return false };
    folded == word || word.rsplit_once('@').is_some_and(|(local, _)| folded == local)
}
