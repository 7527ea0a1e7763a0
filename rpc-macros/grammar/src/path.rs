//! The shape of paths, for the compiler to check too: an attribute may take its text from a constant.

/// The longest path, in bytes.
pub const MAX_PATH: usize = 255;

/// Whether it is a path: a version where there is one, then at least so many segments in kebab-case.
#[must_use]
pub const fn is_path(text: &str, has_version: bool, segments: usize) -> bool {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > MAX_PATH || bytes[0] != b'/' {
        return false;
    }
    let (mut start, mut count) = (1, 0);
    loop {
        let end = end_of_segment(bytes, start);
        let fits =
            if has_version && count == 0 { is_version(bytes, start, end) } else { is_words(bytes, start, end, b"-") };
        if !fits {
            return false;
        }
        count += 1;
        if end == bytes.len() {
            return count >= segments + has_version as usize;
        }
        start = end + 1;
    }
}

const fn end_of_segment(bytes: &[u8], start: usize) -> usize {
    let mut end = start;
    while end < bytes.len() && bytes[end] != b'/' {
        end += 1;
    }
    end
}

/// `v1`, without leading zeros.
const fn is_version(bytes: &[u8], start: usize, end: usize) -> bool {
    if end < start + 2 || bytes[start] != b'v' || bytes[start + 1] == b'0' {
        return false;
    }
    let mut at = start + 1;
    while at < end && bytes[at].is_ascii_digit() {
        at += 1;
    }
    at == end
}

/// Words of lower-case letters and digits, each joined to the next by one of some bytes; the first begins with a letter.
pub(crate) const fn is_words(bytes: &[u8], start: usize, end: usize, joints: &[u8]) -> bool {
    if start == end || !bytes[start].is_ascii_lowercase() {
        return false;
    }
    let (mut at, mut after_joint) = (start, false);
    while at < end {
        let byte = bytes[at];
        let is_letter = byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if !is_letter && (after_joint || !is_one_of(byte, joints)) {
            return false;
        }
        after_joint = !is_letter;
        at += 1;
    }
    !after_joint
}

const fn is_one_of(byte: u8, bytes: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() && bytes[at] != byte {
        at += 1;
    }
    at < bytes.len()
}
