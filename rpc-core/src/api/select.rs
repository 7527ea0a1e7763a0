//! Which methods and events of the binary are served. Patterns are over their paths: `/v1/users/create`, `/v1/users/*` (one
//! segment), `/v1/**` (any number).

use super::faults::Fault;

/// What the builder takes of the binary, and leaves out.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// All, when there is none.
    pub(super) only: Vec<String>,
    pub(super) except: Vec<String>,
    pub(super) expected: Vec<String>,
}

impl Selection {
    /// Whether what has this path is served.
    pub(super) fn takes(&self, path: &str) -> bool {
        let is_one = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, path));
        (self.only.is_empty() || is_one(&self.only)) && !is_one(&self.except)
    }

    /// Tells the patterns that are none, and those that match none of the paths that there are: a misspelt one would
    /// serve less than was meant, or more. `served` are the paths of the methods that are left.
    pub(super) fn check(&self, paths: &[&str], served: &[&str], faults: &mut Vec<Fault>) {
        let options = [("only", &self.only), ("except", &self.except), ("expect", &self.expected)];
        for (option, patterns) in options {
            for pattern in patterns {
                let is_expected = option == "expect";
                let among = if is_expected { served } else { paths };
                match pattern_fault(pattern) {
                    Some(reason) => faults.push(Fault::BadPattern { option, pattern: pattern.clone(), reason }),
                    None if among.iter().any(|path| matches(pattern, path)) => {}
                    None if is_expected => faults.push(Fault::NothingMatches(pattern.clone())),
                    None => faults.push(Fault::SelectsNothing { option, pattern: pattern.clone() }),
                }
            }
        }
    }
}

/// Why no path could ever match a pattern.
fn pattern_fault(pattern: &str) -> Option<&'static str> {
    let Some(segments) = pattern.strip_prefix('/') else { return Some("it does not begin with a slash") };
    let is_word = |segment: &str| segment.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    segments.split('/').find_map(|segment| match segment {
        "*" | "**" => None,
        "" => Some("it has an empty segment"),
        segment if segment.contains('*') => Some("`*` and `**` stand for whole segments"),
        segment if !is_word(segment) => Some("paths have lower-case letters, digits and `-`"),
        _ => None,
    })
}

/// Whether a path matches a pattern.
fn matches(pattern: &str, path: &str) -> bool {
    segments_match(&pattern.split('/').collect::<Vec<_>>(), &path.split('/').collect::<Vec<_>>())
}

fn segments_match(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => (0..=path.len()).any(|skipped| segments_match(rest, &path[skipped..])),
        (Some((&"*", pattern)), Some((_, path))) => segments_match(pattern, path),
        (Some((wanted, pattern)), Some((segment, path))) if wanted == segment => segments_match(pattern, path),
        _ => false,
    }
}

/// Whether the path of a method is below that of a module.
pub(super) fn is_below(method: &str, module: &str) -> bool {
    method.strip_prefix(module).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::{matches, pattern_fault};

    #[test]
    fn patterns_match_whole_segments() {
        let path = "/v1/admin/users/create";
        for pattern in [path, "/v1/**", "/**", "/v1/admin/users/*", "/v1/*/users/create", "/v1/**/create", "**"] {
            assert!(matches(pattern, path), "{pattern}");
        }
        for pattern in
            ["/v1/admin/users", "/v1/admin/*", "/v1/admin/users/cre*", "/v2/**", "", "/v1/admin/users/create/*"]
        {
            assert!(!matches(pattern, path), "{pattern}");
        }
    }
    #[test]
    fn a_pattern_that_no_path_can_match_is_none() {
        for pattern in ["/v1/users/create", "/v1/**", "/**", "/*/users/*", "/v1/a-b2/**/c"] {
            assert_eq!(pattern_fault(pattern), None, "{pattern}");
        }
        for pattern in
            ["", "**", "v1/**", "/", "/v1//a", "/v1/", "/v1/cre*", "/v1/***", "/V1/**", "/v1/a b", "/v1/{id}"]
        {
            assert!(pattern_fault(pattern).is_some(), "{pattern}");
        }
    }
}
