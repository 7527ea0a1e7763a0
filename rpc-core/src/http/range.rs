//! Conditions of a request (RFC 9110, sections 13 and 14): is what the client has still good, and which part of a file is wanted.

use http::HeaderMap;
use http::HeaderValue;
use http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};

/// What a request wants of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// So many bytes from a position.
    Part { from: u64, bytes: u64 },
    /// Nothing that there is.
    Unsatisfiable,
}

/// Whether the client has this version already. Tags are compared weakly: a compressed answer has the tag of the plain one.
pub(super) fn is_known(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let lines = request.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let Ok(etag) = etag.to_str() else { return false };
    lines.into_iter().any(|line| line.trim() == "*" || tags(line).any(|tag| tag == etag.trim_start_matches("W/")))
}

/// The tags of a list, each in its quotes. A tag may have commas in it.
fn tags(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let begin = rest.find('"')?;
        let length = rest[begin + 1..].find('"')? + 2;
        let tag = &rest[begin..begin + length];
        rest = &rest[begin + length..];
        Some(tag)
    })
}

/// What a GET wants of a file of this length. Several ranges, other units and what is no range are answered with the whole file.
pub(super) fn wanted(request: &HeaderMap, length: u64, etag: Option<&HeaderValue>) -> Wanted {
    let mut lines = request.get_all(RANGE).iter();
    let (Some(Ok(range)), None) = (lines.next().map(HeaderValue::to_str), lines.next()) else { return Wanted::Whole };
    // A date is not exact enough to go on with half a file, and a weak tag is none for that.
    if request.get(IF_RANGE).is_some_and(|condition| Some(condition) != etag) {
        return Wanted::Whole;
    }
    let Some((unit, range)) = range.split_once('=') else { return Wanted::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    part(range.trim(), length).unwrap_or(Wanted::Whole)
}

fn part(range: &str, length: u64) -> Option<Wanted> {
    let (first, last) = range.split_once('-')?;
    let from_to = |from: u64, end: u64| {
        if from < end { Wanted::Part { from, bytes: end - from } } else { Wanted::Unsatisfiable }
    };
    if first.is_empty() {
        return Some(from_to(length.saturating_sub(number(last)?), length));
    }
    let from = number(first)?;
    if last.is_empty() {
        return Some(from_to(from, length));
    }
    let last = number(last)?;
    (from <= last).then(|| from_to(from, last.saturating_add(1).min(length)))
}

/// A number that may be larger than any file.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use http::header::{IF_NONE_MATCH, IF_RANGE, RANGE};
    use http::{HeaderMap, HeaderValue};

    use super::{Wanted, is_known, wanted};

    fn request(range: &'static str, condition: Option<&'static str>) -> Wanted {
        let mut headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static(range))]);
        headers.extend(condition.map(|condition| (IF_RANGE, HeaderValue::from_static(condition))));
        wanted(&headers, 100, Some(&HeaderValue::from_static("\"v1\"")))
    }

    #[test]
    fn one_range_is_a_part() {
        for (range, from, bytes) in [
            ("bytes=0-0", 0, 1),
            ("bytes=0-", 0, 100),
            ("Bytes= 10-19 ", 10, 10),
            ("bytes=90-1000", 90, 10),
            ("bytes=99-99999999999999999999999", 99, 1),
            ("bytes=-1", 99, 1),
            ("bytes=-1000", 0, 100),
        ] {
            assert_eq!(request(range, None), Wanted::Part { from, bytes }, "{range}");
        }
        for range in ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(request(range, None), Wanted::Unsatisfiable, "{range}");
        }
    }

    #[test]
    fn what_is_no_single_range_is_the_whole() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-4",
            "bytes=0-1,5-6",
            "lines=0-1",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=1--2",
        ] {
            assert_eq!(request(range, None), Wanted::Whole, "{range}");
        }
        let mut twice = HeaderMap::from_iter([(RANGE, HeaderValue::from_static("bytes=0-1"))]);
        twice.append(RANGE, HeaderValue::from_static("bytes=0-1"));
        assert_eq!(wanted(&twice, 100, None), Wanted::Whole);
    }

    #[test]
    fn a_part_of_another_version_is_not_sent() {
        let part = Wanted::Part { from: 1, bytes: 2 };
        assert_eq!(request("bytes=1-2", Some("\"v1\"")), part);
        for other in ["\"v2\"", "W/\"v1\"", "Sun, 06 Nov 1994 08:49:37 GMT", "v1", ""] {
            assert_eq!(request("bytes=1-2", Some(other)), Wanted::Whole, "{other}");
        }
    }

    #[test]
    fn a_known_version_is_one_of_those_that_are_told() {
        let known = |lines: &[&'static str], tag: &'static str| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(IF_NONE_MATCH, HeaderValue::from_static(line));
            }
            is_known(&headers, &HeaderValue::from_static(tag))
        };
        for lines in [&["\"v1\""][..], &["W/\"v1\""], &["*"], &["\"a,b\", \"v1\""], &["\"a\"", "\"v1\""]] {
            assert!(known(lines, "\"v1\"") && known(lines, "W/\"v1\""), "{lines:?}");
        }
        for lines in [&[][..], &["\"v2\""], &["v1"], &["\"v1"], &["\"v1,\""]] {
            assert!(!known(lines, "\"v1\""), "{lines:?}");
        }
    }
}
