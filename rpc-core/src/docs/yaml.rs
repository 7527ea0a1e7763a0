//! YAML in the style of the documents: 4 spaces, a list item that is a map on its own line, quotes where YAML 1.1 needs them.

mod string;

use serde_json::{Map, Number, Value};

use self::string::string;

const INDENT: usize = 4;

/// A value as a YAML document, without a newline at the end.
pub(super) fn document(value: &Value) -> String {
    inline(value).unwrap_or_else(|| lines(value).join("\n"))
}

/// The form on one line: of scalars, and of empty collections.
fn inline(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(value) => Some(number(value)),
        Value::String(text) => Some(string(text)),
        Value::Array(items) => items.is_empty().then(|| "[]".to_owned()),
        Value::Object(members) => members.is_empty().then(|| "{}".to_owned()),
    }
}

/// The lines of a collection that has something in it.
fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => map_lines(members),
        Value::Array(items) => items.iter().flat_map(|item| nested("-", item)).collect(),
        scalar => inline(scalar).into_iter().collect(),
    }
}

fn map_lines(members: &Map<String, Value>) -> Vec<String> {
    members.iter().flat_map(|(name, value)| nested(&format!("{}:", string(name)), value)).collect()
}

/// A value after `name:` or `-`: on the same line, or indented below it.
fn nested(head: &str, value: &Value) -> Vec<String> {
    match inline(value) {
        Some(text) => vec![format!("{head} {text}")],
        None => std::iter::once(head.to_owned()).chain(indented(lines(value))).collect(),
    }
}

fn indented(lines: Vec<String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(|line| format!("{:INDENT$}{line}", ""))
}

/// YAML 1.1 has no floats without a point, and none with an exponent without a sign.
fn number(number: &Number) -> String {
    let text = number.to_string();
    let Some((digits, exponent)) = text.split_once(['e', 'E']) else {
        return text;
    };
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
    format!("{digits}{point}e{sign}{exponent}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::document;

    #[test]
    fn collections_are_indented_by_four() {
        let value = json!({
            "type": ["string", "null"],
            "yes": {"a": {"b": 1}, "none": {}},
            "anyOf": [{"type": "null"}, {"type": "array", "items": {"type": "string"}}],
            "nested": [["a", []], []],
        });
        let expected = r#"type:
    - string
    - "null"
"yes":
    a:
        b: 1
    none: {}
anyOf:
    -
        type: "null"
    -
        type: array
        items:
            type: string
nested:
    -
        - a
        - []
    - []"#;
        assert_eq!(document(&value), expected);
    }

    #[test]
    fn scalars_and_empty_collections_are_one_line() {
        let texts = [json!(null), json!(true), json!(-5), json!(0.5), json!("no"), json!([]), json!({})]
            .map(|value| document(&value));
        assert_eq!(texts, ["null", "true", "-5", "0.5", "\"no\"", "[]", "{}"]);
    }

    #[test]
    fn floats_have_a_point_and_a_signed_exponent() {
        for (number, expected) in [(1e100, "1.0e+100"), (1.5e-9, "1.5e-9"), (2.5, "2.5")] {
            assert_eq!(document(&Value::from(number)), expected);
        }
    }

    proptest! {
        #[test]
        fn every_line_is_indented_by_a_multiple_of_four(keys in prop::collection::vec(any::<String>(), 1..5)) {
            let value = keys.into_iter().fold(json!("leaf"), |value, key| json!({ key: [value] }));
            for line in document(&value).lines() {
                let bare = line.trim_start_matches(' ');
                prop_assert_eq!((line.len() - bare.len()) % 4, 0);
            }
        }
    }
}
