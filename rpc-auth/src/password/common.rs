//! The built-in list of common passwords.

/// Some 40,000 passwords that were found in leaks: NFKC, lower case, one a line, sorted by byte. Where they come from is
/// written in `common.LICENSE`.
static LIST: &[u8] = include_bytes!("common.txt");

/// Whether a password, already in NFKC and lower case, is on the list.
pub(super) fn is_common(folded: &str) -> bool {
    let mut rest = LIST;
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        let start = rest[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let end = rest[middle..].iter().position(|byte| *byte == b'\n').map_or(rest.len(), |length| middle + length);
        rest = match folded.as_bytes().cmp(&rest[start..end]) {
            std::cmp::Ordering::Less => &rest[..start],
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Greater => rest.get(end + 1..).unwrap_or_default(),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{LIST, is_common};
    use crate::password::{MAX_BYTES, normalised};

    fn lines() -> impl Iterator<Item = &'static str> {
        std::str::from_utf8(LIST).unwrap().lines()
    }

    #[test]
    fn the_list_is_sorted_and_folded() {
        assert!(lines().is_sorted_by(|first, second| first < second));
        for line in lines() {
            assert_eq!(normalised(line, MAX_BYTES).unwrap().to_lowercase(), line);
        }
        assert!(lines().filter(|line| line.chars().count() >= 8).count() > 10_000);
    }

    #[test]
    fn every_line_is_found_and_nothing_beside_it() {
        let all: HashSet<&str> = lines().collect();
        for line in lines() {
            assert!(is_common(line), "{line}");
            let longer = format!("{line} ");
            assert_eq!(is_common(&longer), all.contains(&*longer), "{longer}");
            let shorter = &line[..line.len() - line.chars().next_back().unwrap().len_utf8()];
            assert_eq!(is_common(shorter), all.contains(shorter), "{shorter}");
        }
        assert!(!is_common("\u{10ffff}"));
    }
}
