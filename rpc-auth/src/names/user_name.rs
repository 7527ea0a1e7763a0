//! User names.

use std::ops::RangeInclusive;

use rpc_core::reserved;

use super::{NameFault, check_bytes, check_length};

/// Characters of a user name.
const LENGTH: RangeInclusive<usize> = 3..=32;

/// The root user's name.
pub const ROOT_NAME: &str = "root";

/// Names that nobody can have: that of the user who is always there, what permissions and the call log call those who have no
/// name, and what programs print where a value is missing.
const RESERVED: [&str; 12] = [
    ROOT_NAME,
    reserved::GUEST,
    "anonymous",
    "everyone",
    "nobody",
    "none",
    "null",
    reserved::SELF,
    "system",
    "undefined",
    "true",
    "false",
];

/// A user name: trimmed, in lower case.
///
/// A name is never a number or a UUID, so that a text that may be an id or a name is only one of them.
///
/// # Errors
///
/// It is not 3 to 32 of `a-z`, `0-9`, `_`, `@`, `.`, `-`; it is a number, a UUID or a reserved word.
pub fn user_name(text: &str) -> Result<String, NameFault> {
    let text = text.trim();
    check_bytes("a user name", text, LENGTH)?;
    let name = text.to_lowercase();
    if is_number(&name) || is_uuid(&name) {
        return Err(NameFault::new("not", "a user name is not a number and not a UUID"));
    }
    check_length("a user name", &name, LENGTH)?;
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_@.-".contains(&byte)) {
        return Err(NameFault::new("pattern", "a user name is of letters a-z, digits and _ @ . -"));
    }
    if RESERVED.contains(&&*name) {
        return Err(NameFault::new("reserved", "this user name is reserved"));
    }
    Ok(name)
}

/// Whether a text is a number for anybody: `7`, `-7`, `7.5`, `1e5`; but not the words `nan` and `infinity`.
fn is_number(name: &str) -> bool {
    let has_digit = name.bytes().any(|byte| byte.is_ascii_digit());
    has_digit && name.parse::<f64>().is_ok()
}

/// Whether a text is a UUID, with its hyphens or without them.
fn is_uuid(name: &str) -> bool {
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    let is_hex = |byte: u8| byte.is_ascii_hexdigit();
    let is_hyphenated = |(index, byte): (usize, u8)| if HYPHENS.contains(&index) { byte == b'-' } else { is_hex(byte) };
    match name.len() {
        32 => name.bytes().all(is_hex),
        36 => name.bytes().enumerate().all(is_hyphenated),
        _ => false,
    }
}
