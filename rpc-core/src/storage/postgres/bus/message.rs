//! The texts that are sent: that of a notice in its row, and that of a bell, which anybody may have written.

use crate::bus::Notice;

use super::outgoing::NoticeError;

/// Bytes of a content, at most.
pub(super) const LONGEST: usize = 16 * 1024 * 1024;
/// How deep a content is nested, at most: the limit of the parser that reads it.
const DEEPEST: usize = 127;

/// A notice as a content that [`decode`] reads.
pub(super) fn encode(notice: &Notice) -> Result<String, NoticeError> {
    let content = serde_json::to_string(notice).map_err(|error| NoticeError::Encoding(std::sync::Arc::new(error)))?;
    if content.len() > LONGEST || depth(&content) > DEEPEST {
        return Err(NoticeError::TooLarge);
    }
    Ok(content)
}

/// The notice in a content. `None` for one that a newer version of the program made, and for one that is nested too deep.
pub(super) fn decode(content: &str) -> Option<Notice> {
    if content.len() > LONGEST {
        return None;
    }
    // With the parser's own limit of depth: it goes as deep into the stack as the content does.
    serde_json::from_str(content).ok()
}

/// How deep a JSON text is nested.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// What a node is notified of: that another one has committed a transaction with notices. It says so, and nobody has to believe
/// it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bell<'t> {
    pub(super) node: &'t str,
    pub(super) transaction: u64,
}

impl<'t> Bell<'t> {
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let (node, transaction) = text.split_once('.')?;
        Some(Self { node, transaction: transaction.parse().ok()? })
    }

    pub(super) fn text(&self) -> String {
        format!("{}.{}", self.node, self.transaction)
    }
}

#[cfg(test)]
mod tests {
    use crate::bus::Notice;
    use serde_json::{Value, json};

    use super::{Bell, decode, depth, encode};

    fn nested(levels: usize) -> Notice {
        let content = (0..levels).fold(Value::Null, |inner, _| json!([inner]));
        Notice::Other { topic: "[{\"[".into(), content }
    }

    #[test]
    fn a_bell_that_is_put_together_is_taken_apart() {
        let bell = Bell { node: "00ff", transaction: u64::MAX };
        assert_eq!(Bell::read(&bell.text()), Some(bell));
        for text in ["", "00ff", "00ff.", "00ff.x", "00ff.-1", "00ff.1.{}", "rpc_bus.0.\"missed\""] {
            assert_eq!(Bell::read(text), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_none() {
        assert_eq!(decode("\"missed\""), Some(Notice::Missed));
        let deep = "[".repeat(1_000_000);
        let deeper = format!("{{\"other\":{{\"topic\":\"t\",\"content\":{deep}");
        for content in
            ["", "\"of_the_future\"", "{\"of_the_future\":1}", "{\"user\":7}", "\"missed\" 1", "{", &deep, &deeper]
        {
            assert_eq!(decode(content), None, "{content:.40}");
        }
    }

    #[test]
    fn what_is_sent_can_be_read_as_deep_as_it_may_be() {
        // The notice itself has two levels.
        let deepest = nested(125);
        assert_eq!(decode(&encode(&deepest).unwrap()), Some(deepest));
        encode(&nested(126)).unwrap_err();
        assert_eq!(decode(&serde_json::to_string(&nested(126)).unwrap()), None);
    }

    #[test]
    fn brackets_in_texts_are_no_nesting() {
        for (json, expected) in [("7", 0), (r#"{"a[\"[":["]",{}]}"#, 3), (r#"["\\",[]]"#, 2), ("[],[[]]", 2)] {
            assert_eq!(depth(json), expected, "{json}");
        }
    }
}
