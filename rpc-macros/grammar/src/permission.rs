//! The names of permissions: `admin`, `billing:read`.

/// The longest name, in bytes.
pub const MAX_BYTES: usize = 64;

/// What a name looks like, for people.
pub const FORM: &str =
    "a permission has lower-case letters and digits, in words joined by `-`, `_`, `.` or `:`, such as `billing:read`";

/// Whether a text has the form of a name: words of lower-case letters and digits, the first of which begins with a letter.
/// It says nothing of the length.
#[must_use]
pub fn has_form(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split(['-', '_', '.', ':']).all(is_word)
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
