//! Patterns over method paths: `/v1/users/create`, `/v1/users/*` (one segment), `/v1/**` (any number).

/// Whether a path matches a pattern.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
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
    use super::matches;

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
}
