//! The pieces that Markdown documents are made of.

use std::collections::BTreeSet;

use rpc_grammar::reserved::{EVERYBODY, GUEST, ROOT, SELF, USER};

/// The meaning of the words that are not declared permissions.
const WORDS: [(&str, &str); 5] = [
    (EVERYBODY, "any connected user"),
    (GUEST, "any unauthenticated user"),
    (USER, "any authenticated user"),
    (ROOT, "root user"),
    (SELF, "the user whom it concerns"),
];

/// The anchors of one document, no two of which are the same.
#[derive(Default)]
pub(super) struct Anchors {
    taken: BTreeSet<String>,
}

impl Anchors {
    /// A path in dashes, with a number where others have it already.
    pub(super) fn add(&mut self, path: &str) -> String {
        let short = path.trim_start_matches('/').replace('/', "-");
        let numbered = (2..).map(|number| format!("{short}-{number}"));
        let free = std::iter::once(short.clone()).chain(numbered).find(|anchor| self.taken.insert(anchor.clone()));
        free.unwrap_or(short)
    }
}

/// Blocks with an empty line between each two, without the empty ones.
pub(super) fn blocks(blocks: impl IntoIterator<Item = String>) -> String {
    let blocks: Vec<String> = blocks.into_iter().filter(|block| !block.is_empty()).collect();
    blocks.join("\n\n")
}

/// Links to parts of the document: title and anchor of each.
pub(super) fn contents<'t>(parts: impl Iterator<Item = (&'t str, &'t str)>) -> String {
    let lines: Vec<String> = parts.map(|(title, anchor)| format!("-   [{title}](#{anchor})")).collect();
    lines.join("\n")
}

/// A code block that formatters leave alone.
pub(super) fn code(language: &str, text: &str) -> String {
    format!("<!-- prettier-ignore -->\n```{language}\n{text}\n```")
}

/// Who may call a method or hear an event, a line each.
pub(super) fn who(names: &[&str]) -> String {
    let lines: Vec<String> = names.iter().map(|name| line(name)).collect();
    lines.join("\n")
}

fn line(name: &str) -> String {
    let text = WORDS.iter().find(|(word, _)| *word == name);
    let meaning = text.map(|(_, text)| format!(" - {text}")).unwrap_or_default();
    format!("-   \"{}\"{meaning};", escaped(name))
}

/// Text that Markdown shows as it is. An underscore inside a word means nothing and stays.
fn escaped(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let is_letter = |char: Option<&char>| char.is_some_and(|char| char.is_alphanumeric());
    let mut escaped = String::new();
    for (position, &char) in chars.iter().enumerate() {
        let is_inside = position > 0 && is_letter(chars.get(position - 1)) && is_letter(chars.get(position + 1));
        let is_special = matches!(char, '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '&' | '~' | '|');
        if is_special || (char == '_' && !is_inside) {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}

/// The text of a list item, which begins on the first line.
pub(super) fn inside_item(text: &str) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .enumerate()
        .map(|(position, line)| if position == 0 || line.is_empty() { line.to_owned() } else { format!("    {line}") })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Anchors, escaped, line};

    #[test]
    fn anchors_differ() {
        let mut anchors = Anchors::default();
        assert_eq!(["/a/b", "a-b", "/a-b"].map(|path| anchors.add(path)), ["a-b", "a-b-2", "a-b-3"]);
    }

    #[test]
    fn words_that_are_no_permissions_are_explained() {
        let lines = ["*", "user", "guest", "root", "self", "admin", "billing:read"].map(line);
        assert_eq!(
            lines,
            [
                "-   \"\\*\" - any connected user;",
                "-   \"user\" - any authenticated user;",
                "-   \"guest\" - any unauthenticated user;",
                "-   \"root\" - root user;",
                "-   \"self\" - the user whom it concerns;",
                "-   \"admin\";",
                "-   \"billing:read\";",
            ]
        );
    }

    #[test]
    fn names_are_shown_as_they_are() {
        for (name, expected) in [("read_all", "read_all"), ("_a_", "\\_a\\_"), ("a*[b]`", "a\\*\\[b\\]\\`")] {
            assert_eq!(escaped(name), expected);
        }
    }
}
