//! Names as the segments of JSON Pointers (RFC 6901, section 3).

/// A member's name as a segment: `a/b~c` is `a~1b~0c`.
#[must_use]
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The name that a segment stands for.
#[must_use]
pub fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use super::{escape, unescape};

    #[test]
    fn a_name_comes_back_from_its_segment() {
        for (name, segment) in [("a/b~c", "a~1b~0c"), ("~1", "~01"), ("/~", "~1~0"), ("plain", "plain")] {
            assert_eq!(escape(name), segment);
            assert_eq!(unescape(segment), name);
        }
    }
}
