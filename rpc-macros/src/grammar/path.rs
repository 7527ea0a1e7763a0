//! Paths: `/v1/module/method`; and the names of events, which are paths without a version: `/settings/updated`.

use rpc_grammar::path::{MAX_PATH, is_path};

use crate::fault::Fault;

/// What a path names; a method lies below its module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathKind {
    Method,
    Module,
    Event,
}

/// Checks a path.
///
/// # Errors
///
/// The first fault, with the corrected path where one can be guessed.
pub(crate) fn check(text: &str, kind: PathKind) -> Result<(), Fault> {
    if kind.fits(text) {
        return Ok(());
    }
    let message = first_fault(text, kind).unwrap_or_else(|| format!("`{text}` is not a {}", kind.noun()));
    Err(Fault::new(message, help(text, kind)))
}

impl PathKind {
    fn example(self) -> &'static str {
        match self {
            Self::Method => "/v1/module/method",
            Self::Module => "/v1/module",
            Self::Event => "/settings/updated",
        }
    }

    /// What people call the text.
    fn noun(self) -> &'static str {
        match self {
            Self::Method | Self::Module => "path",
            Self::Event => "name",
        }
    }

    /// What holds the parts that would vary.
    fn variable(self) -> &'static str {
        match self {
            Self::Method | Self::Module => "is a parameter of the function",
            Self::Event => "travels with the event",
        }
    }

    /// The rule behind the example.
    fn rule(self) -> &'static str {
        match self {
            Self::Method | Self::Module => "a version, then segments in kebab-case",
            Self::Event => "segments in kebab-case",
        }
    }

    fn has_version(self) -> bool {
        self != Self::Event
    }

    /// Whether the text is such a path.
    fn fits(self, text: &str) -> bool {
        is_path(text, self.has_version(), if self == Self::Method { 2 } else { 1 })
    }
}

/// What to write instead.
fn help(text: &str, kind: PathKind) -> String {
    if text.contains(['{', '}', ':', '?', '*']) {
        return format!("a {} is fixed, such as `{}`: what varies {}", kind.noun(), kind.example(), kind.variable());
    }
    if text.len() > MAX_PATH {
        return "shorten the segments".to_owned();
    }
    let repaired = repair(text, kind);
    if kind.fits(&repaired) {
        return format!("write `{repaired}`");
    }
    format!("a {} looks like `{}`: {}", kind.noun(), kind.example(), kind.rule())
}

fn first_fault(text: &str, kind: PathKind) -> Option<String> {
    let noun = kind.noun();
    if text.is_empty() {
        return Some(format!("the {noun} is empty"));
    }
    if text.len() > MAX_PATH {
        return Some(format!("the {noun} has {} bytes, and may have {MAX_PATH}", text.len()));
    }
    if text.contains(char::is_whitespace) {
        return Some(format!("the {noun} contains a space"));
    }
    let Some(rest) = text.strip_prefix('/') else {
        return Some(format!("the {noun} does not begin with a slash"));
    };
    if rest.ends_with('/') {
        return Some(format!("the {noun} ends in a slash"));
    }
    let mut segments = rest.split('/');
    let version = if kind.has_version() { version_fault(segments.next().unwrap_or_default()) } else { None };
    version.or_else(|| segments_fault(&segments.collect::<Vec<_>>(), kind))
}

fn version_fault(segment: &str) -> Option<String> {
    let Some(digits) = segment.strip_prefix('v').filter(|digits| is_digits(digits)) else {
        return Some("the path does not begin with a version".to_owned());
    };
    digits.starts_with('0').then(|| format!("`{segment}` is not a version: versions are counted from `v1`"))
}

fn segments_fault(segments: &[&str], kind: PathKind) -> Option<String> {
    if segments.iter().any(|segment| segment.is_empty()) {
        return Some(format!("the {} has an empty segment", kind.noun()));
    }
    if let Some(message) = segments.iter().copied().find_map(segment_fault) {
        return Some(message);
    }
    match (kind, segments.len()) {
        (PathKind::Method, 0 | 1) => {
            Some("the path has no module: a method is at least two segments below the version".to_owned())
        }
        (PathKind::Module, 0) => Some("the path has a version only".to_owned()),
        _ => None,
    }
}

fn segment_fault(segment: &str) -> Option<String> {
    let odd = segment.chars().find(|c| !matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-'));
    if let Some(odd) = odd {
        return Some(format!("`{segment}` contains `{odd}`: a segment has lower-case letters, digits and hyphens"));
    }
    if segment.contains(|c: char| c.is_ascii_uppercase()) {
        return Some(format!("`{segment}` has upper-case letters: a segment is written in kebab-case"));
    }
    if segment.contains('_') {
        return Some(format!("`{segment}` has an underscore: a segment is written in kebab-case"));
    }
    if segment.split('-').any(str::is_empty) {
        return Some(format!("`{segment}` has a hyphen that joins nothing"));
    }
    segment
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| format!("`{segment}` begins with a digit, not with a letter"))
}

/// The path that was probably meant. It may be no better than the given one.
fn repair(text: &str, kind: PathKind) -> String {
    let mut segments: Vec<String> = text.split('/').map(kebab_case).filter(|segment| !segment.is_empty()).collect();
    if kind.has_version() {
        repair_version(&mut segments);
    }
    format!("/{}", segments.join("/"))
}

fn repair_version(segments: &mut Vec<String>) {
    match segments.first_mut() {
        Some(first) if first.starts_with('v') && is_digits(&first[1..]) => {
            let digits = first[1..].trim_start_matches('0');
            *first = format!("v{}", if digits.is_empty() { "1" } else { digits });
        }
        _ => segments.insert(0, "v1".to_owned()),
    }
}

/// `set_enabled`, `setEnabled`, `Set Enabled` as `set-enabled`.
fn kebab_case(segment: &str) -> String {
    let mut words = String::new();
    let mut after_lower = false;
    for c in segment.chars() {
        if c.is_ascii_uppercase() && after_lower {
            words.push('-');
        }
        after_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        words.push(if c == '_' || c.is_whitespace() { '-' } else { c.to_ascii_lowercase() });
    }
    words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str, kind: PathKind) -> Fault {
        check(text, kind).expect_err(text)
    }

    #[test]
    fn paths_of_methods_and_modules_are_accepted() {
        for text in ["/v1/test/test", "/v12/admin/users/set-enabled", "/v1/a1/b-2"] {
            assert_eq!(check(text, PathKind::Method), Ok(()), "{text}");
        }
        for text in ["/v1/test", "/v1/admin/api-call-log"] {
            assert_eq!(check(text, PathKind::Module), Ok(()), "{text}");
        }
    }

    #[test]
    fn each_fault_has_its_message_and_the_corrected_path() {
        let cases = [
            ("v1/test/test", "does not begin with a slash", "`/v1/test/test`"),
            ("/v1/test/test/", "ends in a slash", "`/v1/test/test`"),
            ("/v1/test//test", "empty segment", "`/v1/test/test`"),
            ("/test/test", "does not begin with a version", "`/v1/test/test`"),
            ("/V2/test/test", "does not begin with a version", "`/v2/test/test`"),
            ("/v0/test/test", "counted from `v1`", "`/v1/test/test`"),
            ("/v02/test/test", "counted from `v1`", "`/v2/test/test`"),
            ("/v1/test/setEnabled", "`setEnabled` has upper-case", "`/v1/test/set-enabled`"),
            ("/v1/test/set_enabled", "`set_enabled` has an underscore", "`/v1/test/set-enabled`"),
            ("/v1/test/set enabled", "contains a space", "`/v1/test/set-enabled`"),
            ("/v1/test/set--enabled", "hyphen that joins nothing", "`/v1/test/set-enabled`"),
            ("/v1/test/-x", "hyphen that joins nothing", "`/v1/test/x`"),
            ("", "is empty", "looks like `/v1/module/method`"),
            ("/v1/test", "has no module", "looks like `/v1/module/method`"),
            ("/v1/test/2fa", "begins with a digit", "looks like"),
            ("/v1/test/{id}", "contains `{`", "what varies is a parameter"),
            ("/v1/test/é", "contains `é`", "looks like"),
        ];
        for (text, message, help) in cases {
            let fault = fault(text, PathKind::Method);
            assert!(fault.message.contains(message), "{text}: {}", fault.message);
            assert!(fault.help.contains(help), "{text}: {}", fault.help);
            assert!(first_fault(text, PathKind::Method).is_some(), "{text}");
        }
        assert!(fault("/v1", PathKind::Module).message.contains("a version only"));
    }

    #[test]
    fn the_names_of_events_have_no_version() {
        for text in ["/typing", "/settings/updated", "/v1/a", "/a1/b-2/c"] {
            assert_eq!(check(text, PathKind::Event), Ok(()), "{text}");
        }
        let cases = [
            ("", "the name is empty", "a name looks like `/settings/updated`: segments"),
            ("/", "the name has an empty segment", "a name looks like"),
            ("settings/updated", "the name does not begin with a slash", "write `/settings/updated`"),
            ("/settings//updated", "the name has an empty segment", "write `/settings/updated`"),
            ("/settingsUpdated", "`settingsUpdated` has upper-case", "write `/settings-updated`"),
            ("/user/{id}", "contains `{`", "a name is fixed, such as `/settings/updated`: what varies travels"),
            ("/2fa", "begins with a digit", "a name looks like"),
        ];
        for (text, message, help) in cases {
            let fault = fault(text, PathKind::Event);
            assert!(fault.message.contains(message), "{text}: {}", fault.message);
            assert!(fault.help.contains(help), "{text}: {}", fault.help);
        }
    }

    #[test]
    fn what_fits_has_no_fault_and_the_reverse() {
        let pieces = ["/", "v1", "v0", "v", "2", "a", "b-c", "-", "_", "A", "é", " ", ""];
        let mut texts = vec![String::new()];
        for _ in 0..5 {
            texts = texts.iter().flat_map(|text| pieces.map(|piece| format!("{text}{piece}"))).collect();
            texts.sort();
            texts.dedup();
            texts.truncate(20_000);
            for (text, kind) in texts
                .iter()
                .flat_map(|text| [PathKind::Method, PathKind::Module, PathKind::Event].map(|kind| (text, kind)))
            {
                assert_eq!(kind.fits(text), first_fault(text, kind).is_none(), "{text} {kind:?}");
            }
        }
    }

    #[test]
    fn the_longest_path_has_255_bytes() {
        let path = |length: usize| format!("/v1/a/{}", "b".repeat(length - 6));
        assert_eq!(check(&path(255), PathKind::Method), Ok(()));
        assert!(fault(&path(256), PathKind::Method).message.contains("256 bytes"));
    }
}
