//! Case, ignored.

use std::borrow::Cow;

/// In lower case, each character by itself: `str::to_lowercase` looks at what follows a sigma, so that a part of a text would
/// not be found in it.
pub(crate) fn lowered(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    text.chars().flat_map(char::to_lowercase).collect()
}
