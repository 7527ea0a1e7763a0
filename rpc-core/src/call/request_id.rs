//! The id under which logs show a call.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// The length of a UUID, and small enough to be copied.
const MAX: usize = 36;

/// A request's id: 1–36 letters, digits, `-`, `_`, `.`. Held inline, so that it costs no allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    text: [u8; MAX],
    length: u8,
}

impl RequestId {
    /// Accepts a caller's id, if it has this form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let sane = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if text.is_empty() || text.len() > MAX || !text.bytes().all(sane) {
            return None;
        }
        let mut id = Self { text: [0; MAX], length: u8::try_from(text.len()).ok()? };
        id.text[..text.len()].copy_from_slice(text.as_bytes());
        Some(id)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The id as ASCII text.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Makes ids: 64 random bits that tell this process from others, then a counter; 32 hexadecimal digits. They are unique, not secret.
#[derive(Debug)]
pub(crate) struct RequestIds {
    /// The first half of all ids.
    process: [u8; 16],
    next: AtomicU64,
}

impl Default for RequestIds {
    fn default() -> Self {
        Self { process: hex(RandomState::new().hash_one("request ids")), next: AtomicU64::new(1) }
    }
}

impl RequestIds {
    pub(crate) fn next(&self) -> RequestId {
        let mut id = RequestId { text: [0; MAX], length: 32 };
        id.text[..16].copy_from_slice(&self.process);
        id.text[16..32].copy_from_slice(&hex(self.next.fetch_add(1, Ordering::Relaxed)));
        id
    }
}

/// The hexadecimal digits of a number, all at once: each byte of a word becomes a digit.
fn hex(number: u64) -> [u8; 16] {
    let digits = |half: u64| {
        let spread = (half << 16 | half) & 0x0000_ffff_0000_ffff;
        let spread = (spread << 8 | spread) & 0x00ff_00ff_00ff_00ff;
        let spread = (spread << 4 | spread) & 0x0f0f_0f0f_0f0f_0f0f;
        let letters = (spread + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
        (spread + 0x3030_3030_3030_3030 + letters * u64::from(b'a' - b'9' - 1)).to_be_bytes()
    };
    let mut text = [0; 16];
    text[..8].copy_from_slice(&digits(number >> 32));
    text[8..].copy_from_slice(&digits(number & 0xffff_ffff));
    text
}

#[cfg(test)]
mod tests {
    use super::{RequestId, RequestIds, hex};

    #[test]
    fn sane_ids_are_taken_and_others_are_not() {
        assert_eq!(RequestId::parse("a-b_c.9").map(|id| id.as_str().to_owned()).as_deref(), Some("a-b_c.9"));
        for text in ["", "a b", "a\nb", "é", &"x".repeat(37)] {
            assert_eq!(RequestId::parse(text), None, "{text:?}");
        }
        assert!(RequestId::parse(&"x".repeat(36)).is_some());
    }

    #[test]
    fn made_ids_differ_and_are_sane() {
        let ids = RequestIds::default();
        let (first, second) = (ids.next(), ids.next());
        assert_ne!(first, second);
        assert_eq!(RequestId::parse(first.as_str()), Some(first));
        assert!(first.as_str().ends_with("0000000000000001"));
        for number in [0, 9, 10, 0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, u64::MAX] {
            assert_eq!(hex(number), *format!("{number:016x}").as_bytes());
        }
    }
}
