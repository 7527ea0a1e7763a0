//! `null` in what is shown: left out where it means the same as absence, put first where it means something.

use serde_json::{Value, json};

use super::{array, merged, ordered};

/// A shown schema that does not mention `null`.
pub(super) fn without_null(shown: Value) -> Value {
    let mut schema = match shown {
        Value::Object(members) => members,
        other => return other,
    };
    if let Some(Value::Array(kinds)) = schema.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = &kinds[..] {
            let kind = kind.clone();
            schema.insert("type".to_owned(), kind);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(branches)) = schema.remove("anyOf") {
        let mut branches: Vec<Value> =
            branches.into_iter().filter(|branch| *branch != null()).map(without_null).collect();
        match (branches.len(), branches.pop()) {
            (1, Some(Value::Object(only))) => schema = merged(schema, only),
            (_, Some(last)) => {
                branches.push(last);
                schema.insert("anyOf".to_owned(), branches.into());
            }
            (_, None) => {}
        }
    }
    ordered(schema).into()
}

/// `null`, or what a schema says.
pub(super) fn or_null(shown: Value) -> Value {
    let branches = match &shown {
        Value::Object(members) if members.len() == 1 => array(members, "anyOf"),
        _ => &[],
    };
    let branches = if branches.is_empty() { vec![shown] } else { branches.to_vec() };
    let branches: Vec<Value> = std::iter::once(null()).chain(branches).collect();
    json!({ "anyOf": branches })
}

fn null() -> Value {
    json!({"type": "null"})
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{or_null, without_null};

    #[test]
    fn null_is_left_out_and_put_in() {
        let table = [
            (json!({"type": ["string", "null"]}), json!({"type": "string"})),
            (json!({"type": ["string", "null", "integer"]}), json!({"type": ["string", "integer"]})),
            (json!({"type": ["string", "null"], "enum": ["a", null]}), json!({"type": "string", "enum": ["a"]})),
            (json!({"anyOf": [{"type": "boolean"}, {"type": "null"}]}), json!({"type": "boolean"})),
            (json!({"anyOf": [{"anyOf": [{"type": "null"}, {"type": "boolean"}]}]}), json!({"type": "boolean"})),
            (json!({"type": "null"}), json!({"type": "null"})),
            (json!({}), json!({})),
        ];
        for (schema, expected) in table {
            assert_eq!(without_null(schema).to_string(), expected.to_string());
        }
        let (text, truth) = (json!({"type": "string"}), json!({"type": "boolean"}));
        assert_eq!(or_null(text.clone()), json!({"anyOf": [{"type": "null"}, text]}));
        assert_eq!(or_null(json!({"anyOf": [text, truth]})), json!({"anyOf": [{"type": "null"}, text, truth]}));
    }
}
