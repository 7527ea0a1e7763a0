//! The types of values that a schema lets pass, as far as it says so plainly.

use serde_json::{Map, Value};

/// Types of JSON values; an integer is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

const NULL: Kinds = Kinds(1);
const BOOLEAN: Kinds = Kinds(2);
pub(crate) const NUMBER: Kinds = Kinds(4);
pub(crate) const STRING: Kinds = Kinds(8);
pub(crate) const ARRAY: Kinds = Kinds(16);
const OBJECT: Kinds = Kinds(32);
const ALL: Kinds = Kinds(63);
const NONE: Kinds = Kinds(0);

/// References that are followed; a longer way is one in a circle.
const DEPTH: usize = 16;

const NAMES: [(Kinds, &str); 5] =
    [(BOOLEAN, "booleans"), (NUMBER, "numbers"), (STRING, "strings"), (ARRAY, "arrays"), (OBJECT, "objects")];

impl Kinds {
    /// The types that a schema lets pass; all, where it does not say.
    pub(crate) fn of(schema: &Value, definitions: &Map<String, Value>) -> Self {
        Self::at_depth(schema, definitions, DEPTH)
    }

    fn at_depth(schema: &Value, definitions: &Map<String, Value>, depth: usize) -> Self {
        let (Value::Object(members), Some(depth)) = (schema, depth.checked_sub(1)) else { return ALL };
        let inside = |schema: &Value| Self::at_depth(schema, definitions, depth);
        let mut kinds = ALL;
        for (keyword, value) in members {
            kinds = kinds.and(match keyword.as_str() {
                "type" => Self::named(value),
                "const" => Self::of_value(value),
                "enum" => any(value, Self::of_value),
                "anyOf" | "oneOf" => any(value, inside),
                "allOf" => items(value).iter().map(inside).fold(ALL, Self::and),
                "$ref" => referred(value, definitions).map_or(ALL, inside),
                _ => ALL,
            });
        }
        kinds
    }

    fn named(kind: &Value) -> Self {
        match kind {
            Value::Array(_) => any(kind, Self::named),
            Value::String(name) => match name.as_str() {
                "null" => NULL,
                "boolean" => BOOLEAN,
                "integer" | "number" => NUMBER,
                "string" => STRING,
                "array" => ARRAY,
                "object" => OBJECT,
                _ => ALL,
            },
            _ => ALL,
        }
    }

    fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => NULL,
            Value::Bool(_) => BOOLEAN,
            Value::Number(_) => NUMBER,
            Value::String(_) => STRING,
            Value::Array(_) => ARRAY,
            Value::Object(_) => OBJECT,
        }
    }

    /// Whether some type is in both.
    pub(crate) fn meet(self, other: Self) -> bool {
        self.and(other) != NONE
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The types as people say it, without `null`.
    pub(crate) fn name(self) -> String {
        let names: Vec<&str> = NAMES.iter().filter(|(kind, _)| self.meet(*kind)).map(|(_, name)| *name).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(" or ") }
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn any(value: &Value, kinds: impl Fn(&Value) -> Kinds) -> Kinds {
    items(value).iter().map(kinds).fold(NONE, Kinds::or)
}

fn referred<'d>(reference: &Value, definitions: &'d Map<String, Value>) -> Option<&'d Value> {
    definitions.get(reference.as_str()?.strip_prefix("#/$defs/")?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::Kinds;

    fn name(schema: &Value) -> String {
        let definitions = json!({"Text": {"type": "string"}, "Loop": {"$ref": "#/$defs/Loop"}});
        Kinds::of(schema, definitions.as_object().unwrap_or(&Map::new())).name()
    }

    #[test]
    fn types_are_found_through_references_and_choices() {
        for (schema, expected) in [
            (json!({"type": ["integer", "null"]}), "numbers"),
            (json!({"anyOf": [{"$ref": "#/$defs/Text"}, {"type": "null"}]}), "strings"),
            (json!({"oneOf": [{"const": 1}, {"enum": [true, "x"]}]}), "booleans or numbers or strings"),
            (json!({"allOf": [{"type": ["array", "string"]}, {"$ref": "#/$defs/Text"}]}), "strings"),
            (json!({"type": "null"}), "nothing"),
            (json!({"type": "object"}), "objects"),
            (json!(true), "booleans or numbers or strings or arrays or objects"),
            (json!({"$ref": "#/$defs/Loop"}), "booleans or numbers or strings or arrays or objects"),
            (json!({"$ref": "#/$defs/a~1b"}), "booleans or numbers or strings or arrays or objects"),
        ] {
            assert_eq!(name(&schema), expected, "{schema}");
        }
    }
}
