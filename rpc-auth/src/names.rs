//! What users call things: the names of themselves, their addresses, their tokens.
//!
//! Each function takes a text as it was given and answers the form that is stored and compared. All take time linear in the
//! length of the text.

mod email;
mod mailbox;
mod user_name;

use std::ops::RangeInclusive;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

pub use self::email::email;
pub use self::mailbox::mailbox;
pub use self::user_name::{ROOT_NAME, user_name};

/// Characters of a Telegram name, by the rules of Telegram.
const TELEGRAM_NAME: RangeInclusive<usize> = 5..=32;
/// Characters of the name of an API token.
const TOKEN_NAME: RangeInclusive<usize> = 1..=100;

/// Why a text is not such a name. It never contains the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct NameFault {
    keyword: &'static str,
    message: String,
}

impl NameFault {
    fn new(keyword: &'static str, message: impl Into<String>) -> Self {
        Self { keyword, message: message.into() }
    }

    /// The rule that is broken, as in the violations of a schema: `minLength`, `maxLength`, `pattern`, `format`, `not`
    /// (a number, a UUID) or `reserved`.
    #[must_use]
    pub const fn keyword(&self) -> &'static str {
        self.keyword
    }

    /// What is wrong, for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// A Telegram name: trimmed, without a leading `@`, in lower case.
///
/// # Errors
///
/// It is not 5 to 32 of `a-z`, `0-9`, `_`.
pub fn telegram_name(text: &str) -> Result<String, NameFault> {
    let text = text.trim();
    check_bytes("a Telegram name", text, TELEGRAM_NAME)?;
    let name = text.strip_prefix('@').unwrap_or(text).to_lowercase();
    check_length("a Telegram name", &name, TELEGRAM_NAME)?;
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(NameFault::new("pattern", "a Telegram name is of letters a-z, digits and _"));
    }
    Ok(name)
}

/// The name of an API token: trimmed.
///
/// # Errors
///
/// It is not 1 to 100 characters (code points), or contains a control character.
pub fn token_name(text: &str) -> Result<String, NameFault> {
    let name = text.trim();
    check_length("the name of a token", name, TOKEN_NAME)?;
    if name.chars().any(char::is_control) {
        return Err(NameFault::new("pattern", "the name of a token has no control characters"));
    }
    Ok(name.to_owned())
}

/// The form in which names and addresses are stored, of a text that may be either: trimmed, composed (NFC), in lower case.
/// `None` when it is longer than any of them, or contains U+0000; then nobody has it.
pub(crate) fn login(text: &str) -> Option<String> {
    let text = text.trim();
    let is_possible = text.len() <= email::LONGEST_GIVEN && !text.contains('\0');
    is_possible.then(|| text.nfc().collect::<String>().to_lowercase())
}

/// Refuses a text that has too many characters whatever they are, before anything is done with it: UTF-8 takes 4 bytes for one
/// at most, and lower case makes none fewer.
fn check_bytes(what: &str, text: &str, range: RangeInclusive<usize>) -> Result<(), NameFault> {
    if text.len() > 4 * (range.end() + 1) { Err(too_long(what, range)) } else { Ok(()) }
}

fn too_long(what: &str, range: RangeInclusive<usize>) -> NameFault {
    NameFault::new("maxLength", format!("{what} has at most {} characters", range.end()))
}

fn check_length(what: &str, name: &str, range: RangeInclusive<usize>) -> Result<(), NameFault> {
    // One more than the greatest tells enough of a long text.
    let length = name.chars().take(range.end() + 1).count();
    if length < *range.start() {
        return Err(NameFault::new("minLength", format!("{what} has at least {} characters", range.start())));
    }
    if length > *range.end() {
        return Err(too_long(what, range));
    }
    Ok(())
}
