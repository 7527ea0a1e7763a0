//! What a schema demands beside its type, in words.

use serde_json::Value;

/// Formats that say how a number is kept, and nothing that the bounds do not say.
const SIZES: [&str; 14] = [
    "int8", "int16", "int32", "int64", "int128", "int", "uint8", "uint16", "uint32", "uint64", "uint128", "uint",
    "float", "double",
];

/// The demands of one schema: "at least 3 characters", "format `email`".
pub(super) fn of(schema: &Value) -> Vec<String> {
    let mut rules = Vec::new();
    let number = |keyword: &str| schema.get(keyword).filter(|value| value.is_number());
    for (low, high, what) in [
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " members"),
        ("minimum", "maximum", ""),
        ("exclusiveMinimum", "exclusiveMaximum", " (exclusive)"),
    ] {
        match (number(low), number(high)) {
            (Some(low), Some(high)) if low == high => rules.push(format!("exactly {low}{what}")),
            (Some(low), Some(high)) => rules.push(format!("{low} to {high}{what}")),
            (Some(low), None) => rules.push(format!("at least {low}{what}")),
            (None, Some(high)) => rules.push(format!("at most {high}{what}")),
            (None, None) => {}
        }
    }
    if let Some(step) = number("multipleOf") {
        rules.push(format!("a multiple of {step}"));
    }
    for keyword in ["format", "pattern"] {
        let told = schema.get(keyword).and_then(Value::as_str).filter(|text| !SIZES.contains(text));
        if let Some(text) = told {
            rules.push(format!("{keyword} {}", code(text)));
        }
    }
    if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
        rules.push("no item twice".to_owned());
    }
    if let Some(default) = schema.get("default") {
        rules.push(format!("default {}", code(&default.to_string())));
    }
    rules
}

/// Text as code, whatever backticks are in it.
pub(super) fn code(text: &str) -> String {
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("{fence}{text}{fence}") } else { format!("{fence} {text} {fence}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{code, of};

    #[test]
    fn demands_are_told_in_words() {
        let schema = json!({
            "minLength": 3, "maxLength": 5, "minimum": 0, "maxItems": 7, "minProperties": 2, "maxProperties": 2,
            "exclusiveMaximum": 1.5, "multipleOf": 2, "format": "email", "pattern": "^a`b$", "uniqueItems": true,
            "default": "x",
        });
        let expected = [
            "3 to 5 characters",
            "at most 7 items",
            "exactly 2 members",
            "at least 0",
            "at most 1.5 (exclusive)",
            "a multiple of 2",
            "format `email`",
            "pattern `` ^a`b$ ``",
            "no item twice",
            "default `\"x\"`",
        ];
        assert_eq!(of(&schema), expected);
        assert!(of(&json!(true)).is_empty() && of(&json!({"format": "uint64"})).is_empty());
        assert_eq!(code("a"), "`a`");
    }
}
