//! The names of permissions: `admin`, `billing:read`.

use crate::path::is_words;

/// The longest name, in bytes.
pub const MAX_BYTES: usize = 64;

/// What a name looks like, for people.
pub const FORM: &str =
    "a permission has lower-case letters and digits, in words joined by `-`, `_`, `.` or `:`, such as `billing:read`";

/// Whether a text has the form of a name: words of lower-case letters and digits, the first of which begins with a letter.
/// It says nothing of the length.
#[must_use]
pub const fn has_form(text: &str) -> bool {
    is_words(text.as_bytes(), 0, text.len(), b"-_.:")
}

/// Whether a text is a name.
#[must_use]
pub const fn is_permission(text: &str) -> bool {
    text.len() <= MAX_BYTES && has_form(text)
}

/// The name that was probably meant.
#[must_use]
pub fn nearest(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase().replace(' ', "-");
    has_form(&lower).then_some(lower)
}

#[cfg(test)]
mod tests {
    use super::{has_form, nearest};

    #[test]
    fn names_are_words_in_lower_case() {
        for text in ["admin", "billing:read", "a1.b2-c3_d4"] {
            assert!(has_form(text), "{text}");
        }
        for text in ["", "Admin", "1a", "a b", "a..b", "a-", "-a", "*", "é"] {
            assert!(!has_form(text), "{text}");
        }
    }

    #[test]
    fn a_name_in_upper_case_or_with_spaces_is_understood() {
        assert_eq!(nearest(" Bad Name ").as_deref(), Some("bad-name"));
        assert_eq!(nearest("a..b"), None);
    }
}
