//! How much memory a decoded message takes: a few bytes that were sent may become many.

use serde_json::Value;

/// Bytes of a member beside its name and value: the name's own, its hash, and its place in the table.
const MEMBER: usize = size_of::<String>() + 32;

/// Bytes of memory that a value takes, and all in it.
pub(super) fn size(value: &Value) -> usize {
    let inside = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.capacity(),
        Value::Array(values) => {
            (values.capacity() - values.len()) * size_of::<Value>() + values.iter().map(size).sum::<usize>()
        }
        Value::Object(members) => members.iter().map(|(name, value)| MEMBER + name.capacity() + size(value)).sum(),
    };
    size_of::<Value>() + inside
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::size;

    #[test]
    fn every_value_counts_and_so_does_every_text() {
        let text = "x".repeat(1000);
        for value in [json!(text), json!([text]), json!({"a": text}), json!({text.clone(): [null]})] {
            assert!((1000..1500).contains(&size(&value)), "{}", size(&value));
        }
        assert!(size(&Value::Array(vec![Value::Null; 1000])) >= 1000 * size_of::<Value>());
    }
}
