//! Entity tags: the version of what is answered.

use http::HeaderValue;

use super::error::ReplyError;

/// The longest entity tag, in bytes.
const LONGEST_ETAG: usize = 256;

/// An entity tag in quotes (RFC 9110, section 8.8.3).
pub(super) fn etag(tag: &str) -> Result<HeaderValue, ReplyError> {
    let bad = || ReplyError::BadEtag(tag.to_owned());
    if tag.len() > LONGEST_ETAG || !tag.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"') {
        return Err(bad());
    }
    HeaderValue::from_str(&format!("\"{tag}\"")).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::etag;

    #[test]
    fn a_tag_has_no_quotes_and_no_controls() {
        assert_eq!(etag("v1.2").unwrap(), "\"v1.2\"");
        for bad in ["a\"b", "a b", "a\n", "ä", &"x".repeat(257)] {
            assert!(etag(bad).is_err(), "{bad}");
        }
    }
}
