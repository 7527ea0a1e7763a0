//! `Content-Disposition` (RFC 6266): the name of a file, whatever characters it has.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Bytes of the longest name that file systems take.
const LONGEST: usize = 255;
/// What stands for itself in an extended value (RFC 8187, section 3.2.1).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The name of a file: no folders, no control characters, neither empty nor too long.
pub(super) fn file_name(name: &str) -> Cow<'_, str> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_control = |character: char| {
        character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut name = if last.contains(is_control) {
        Cow::Owned(last.chars().filter(|&character| !is_control(character)).collect::<String>())
    } else {
        Cow::Borrowed(last)
    };
    if name.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
        name = Cow::Owned(name[..end].to_owned());
    }
    match name.trim() {
        "" | "." | ".." => Cow::Borrowed("download"),
        _ => name,
    }
}

/// The value of `Content-Disposition`. It is of visible ASCII, and nothing in the name ends it.
pub(crate) fn disposition(name: &str, is_inline: bool) -> String {
    let name = file_name(name);
    let kind = if is_inline { "inline" } else { "attachment" };
    let is_plain = |character: char| matches!(character, ' '..='~') && !matches!(character, '"' | '\\' | '%');
    if name.chars().all(is_plain) {
        return format!("{kind}; filename=\"{name}\"");
    }
    let plain: String = name.chars().map(|character| if is_plain(character) { character } else { '_' }).collect();
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(&name, ENCODED))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::disposition;

    #[test]
    fn a_name_is_told_in_both_forms_where_it_needs_both() {
        for (name, expected) in [
            ("a b.txt", "filename=\"a b.txt\""),
            ("../../etc/passwd", "filename=\"passwd\""),
            ("C:\\x\\y.txt", "filename=\"y.txt\""),
            ("", "filename=\"download\""),
            ("..", "filename=\"download\""),
            ("a/", "filename=\"download\""),
            ("\u{e4}.txt", "filename=\"_.txt\"; filename*=UTF-8''%C3%A4.txt"),
            ("a\"b", "filename=\"a_b\"; filename*=UTF-8''a%22b"),
            ("100%.txt", "filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
            ("a\r\nset-cookie: b=c", "filename=\"aset-cookie: b=c\""),
            ("evil\u{202e}txt.exe", "filename=\"eviltxt.exe\""),
        ] {
            assert_eq!(disposition(name, false), format!("attachment; {expected}"), "{name:?}");
        }
        assert!(disposition("a", true).starts_with("inline; "));
        assert!(disposition(&"\u{e4}".repeat(300), false).contains(&"_".repeat(127)));
    }

    proptest! {
        #[test]
        fn no_name_leaves_its_place(name in any::<String>()) {
            let value = disposition(&name, false);
            assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{value}");
            assert_eq!(value.matches('"').count(), 2, "{value}");
            assert!(!value.contains('\\') && !value.contains('/'), "{value}");
        }
    }
}
