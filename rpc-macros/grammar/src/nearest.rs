//! The name that a misspelt one was probably meant to be.

/// The candidate that `text` is probably a misspelling of.
#[must_use]
pub fn nearest<'a>(text: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let folded = folded(text);
    let distances = candidates.iter().map(|name| (distance(&folded, &self::folded(name)), *name));
    let (best, name) = distances.min_by_key(|(best, _)| *best)?;
    (best <= folded.len().max(3) / 3).then_some(name)
}

/// The text without what people confuse most: case, and what joins words.
fn folded(text: &str) -> String {
    text.to_ascii_lowercase().replace('-', "_")
}

/// The number of bytes to insert, delete or replace (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
