//! A notice as Postgres carries it: `node.number.content`, or `node.number` for one whose content is in the table.
//!
//! The number makes every text another one: Postgres delivers equal ones of one transaction once. The triggers of accounts write
//! the first form as well (`migrations/0003_changes.sql`), always with the same number.

use rpc_core::Notice;
use serde::Deserialize;

/// Bytes of a text that NOTIFY takes.
const MOST: usize = 7_999;
/// Bytes of the name of a node, its number and two points, at most.
const ENVELOPE: usize = 16 + 19 + 2;

/// Whether NOTIFY takes a content.
pub(super) fn fits(content: &str) -> bool {
    content.len() <= MOST - ENVELOPE
}

pub(super) fn with_content(node: &str, number: i64, content: &str) -> String {
    format!("{node}.{number}.{content}")
}

pub(super) fn without_content(node: &str, number: i64) -> String {
    format!("{node}.{number}")
}

/// A text, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'t> {
    pub(super) node: &'t str,
    pub(super) number: i64,
    /// `None` when it is in the table.
    pub(super) content: Option<&'t str>,
}

impl<'t> Message<'t> {
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let (node, number) = (parts.next()?, parts.next()?.parse().ok()?);
        Some(Self { node, number, content: parts.next() })
    }
}

/// The notice in a content; `None` for one that a newer version of the program made.
pub(super) fn decode(content: &str) -> Option<Notice> {
    let mut reader = serde_json::Deserializer::from_str(content);
    // As deep as the node could write it.
    reader.disable_recursion_limit();
    Notice::deserialize(&mut reader).ok().filter(|_| reader.end().is_ok())
}

#[cfg(test)]
mod tests {
    use rpc_core::Notice;

    use super::{ENVELOPE, MOST, Message, decode, fits, with_content, without_content};

    #[test]
    fn what_is_put_together_is_taken_apart() {
        for content in ["\"missed\"", "{\"user\":\"a.b.c\"}", ""] {
            let text = with_content("00ff", 7, content);
            assert_eq!(Message::read(&text), Some(Message { node: "00ff", number: 7, content: Some(content) }));
        }
        let text = without_content("00ff", i64::MAX);
        assert_eq!(Message::read(&text), Some(Message { node: "00ff", number: i64::MAX, content: None }));
        for text in ["", "00ff", "00ff.", "00ff.x", "00ff..{}"] {
            assert_eq!(Message::read(text), None, "{text}");
        }
    }

    #[test]
    fn the_longest_content_that_fits_makes_a_text_that_is_taken() {
        let longest = "x".repeat(MOST - ENVELOPE);
        assert!(fits(&longest) && !fits(&format!("{longest}x")));
        assert!(with_content("0123456789abcdef", i64::MAX, &longest).len() <= MOST);
    }

    #[test]
    fn what_cannot_be_read_is_none() {
        assert_eq!(decode("\"missed\""), Some(Notice::Missed));
        for content in ["", "\"of_the_future\"", "{\"of_the_future\":1}", "{\"user\":7}", "\"missed\" 1", "{"] {
            assert_eq!(decode(content), None, "{content}");
        }
    }
}
