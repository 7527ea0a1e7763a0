//! The path of a request, in the one form under which methods are known.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::error::{ApiError, ErrorCode};

/// Decodes percent-encoding and collapses doubled slashes. An ordinary path costs no allocation.
pub(super) fn normalize(path: &str) -> Result<Cow<'_, str>, ApiError> {
    if is_normal(path) {
        return Ok(Cow::Borrowed(path));
    }
    let decoded = if path.contains('%') {
        let text = percent_decode_str(path).decode_utf8();
        text.map_err(|_| refusal("The path is not UTF-8 after percent-decoding"))?
    } else {
        Cow::Borrowed(path)
    };
    if decoded.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(refusal("The path holds a control character"));
    }
    if decoded.split('/').any(|segment| segment == "..") {
        return Err(refusal("The path must not contain \"..\""));
    }
    if !decoded.contains("//") {
        return Ok(decoded);
    }
    let segments = decoded.split('/').filter(|segment| !segment.is_empty());
    Ok(Cow::Owned(segments.flat_map(|segment| ["/", segment]).collect()))
}

/// Whether there is nothing to do, seen in one pass.
fn is_normal(path: &str) -> bool {
    let mut before = 0;
    path.bytes().all(|byte| {
        let is_suspect = byte == b'%' || byte.is_ascii_control() || (before == byte && matches!(byte, b'/' | b'.'));
        before = byte;
        !is_suspect
    })
}

fn refusal(reason: &'static str) -> ApiError {
    ApiError::of(ErrorCode::InvalidRequest).with_reason(reason)
}

/// `%` that is not followed by two hexadecimal digits.
pub(super) fn has_bad_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_hex = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_hexdigit);
    (0..bytes.len()).any(|index| bytes[index] == b'%' && !(is_hex(index + 1) && is_hex(index + 2)))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{has_bad_escape, normalize};

    #[test]
    fn paths_come_into_one_form() {
        for (given, expected) in [
            ("/v1/test/test", "/v1/test/test"),
            ("/v1//test///test", "/v1/test/test"),
            ("/v1/t%65st/test", "/v1/test/test"),
            ("/v1%2Ftest/test", "/v1/test/test"),
            ("//", ""),
        ] {
            assert_eq!(normalize(given).unwrap(), expected, "{given}");
        }
        assert!(matches!(normalize("/v1/test/test"), Ok(Cow::Borrowed(_))));
        for given in ["/v1/../test", "/v1/%2e%2e/test", "/v1/%ff", "/v1/%00", "/v1/a%0ab"] {
            assert!(normalize(given).is_err(), "{given}");
        }
    }

    #[test]
    fn broken_escapes_are_seen() {
        for text in ["%", "%1", "%zz", "a%4", "%%41"] {
            assert!(has_bad_escape(text), "{text}");
        }
        assert!(!has_bad_escape("a%41b"));
    }
}
