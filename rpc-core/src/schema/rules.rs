//! What an attribute says of one parameter beyond its type: constraints, a default, examples. They become part of its schema.

use schemars::Schema;
use serde_json::{Map, Value, json};

use super::kinds::{self, Kinds};
use super::{accepts_null, compile, with_definitions};

/// What an attribute says of a parameter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// Keywords of JSON Schema with their values.
    pub(crate) constraints: Vec<(&'static str, Value)>,
    /// What an absent parameter, or `null`, means.
    pub(crate) default: Option<Value>,
    pub(crate) examples: Vec<Value>,
}

/// The keywords that attributes use.
struct Keyword {
    name: &'static str,
    /// As people write it in the attribute.
    key: &'static str,
    /// The types of values that it constrains; others pass.
    constrains: Kinds,
    value: Operand,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operand {
    /// A number below which, or a count below which, nothing passes.
    Lower,
    /// The reverse.
    Upper,
    Other,
}

const KEYWORDS: [Keyword; 12] = [
    Keyword { name: "minimum", key: "minimum", constrains: kinds::NUMBER, value: Operand::Lower },
    Keyword { name: "maximum", key: "maximum", constrains: kinds::NUMBER, value: Operand::Upper },
    Keyword { name: "exclusiveMinimum", key: "exclusive_minimum", constrains: kinds::NUMBER, value: Operand::Lower },
    Keyword { name: "exclusiveMaximum", key: "exclusive_maximum", constrains: kinds::NUMBER, value: Operand::Upper },
    Keyword { name: "multipleOf", key: "multiple_of", constrains: kinds::NUMBER, value: Operand::Other },
    Keyword { name: "minLength", key: "min_length", constrains: kinds::STRING, value: Operand::Lower },
    Keyword { name: "maxLength", key: "max_length", constrains: kinds::STRING, value: Operand::Upper },
    Keyword { name: "pattern", key: "pattern", constrains: kinds::STRING, value: Operand::Other },
    Keyword { name: "format", key: "format", constrains: kinds::STRING, value: Operand::Other },
    Keyword { name: "minItems", key: "min_items", constrains: kinds::ARRAY, value: Operand::Lower },
    Keyword { name: "maxItems", key: "max_items", constrains: kinds::ARRAY, value: Operand::Upper },
    Keyword { name: "uniqueItems", key: "unique_items", constrains: kinds::ARRAY, value: Operand::Other },
];

/// Bounds that belong together.
const PAIRS: [(&str, &str); 3] = [("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")];

type Members = Map<String, Value>;

impl Rules {
    pub(crate) fn is_empty(&self) -> bool {
        self.constraints.is_empty() && self.default.is_none() && self.examples.is_empty()
    }

    /// Adds the rules to the schema of the parameter's type. Gives back what is wrong with them.
    pub(crate) fn apply(&self, schema: &mut Schema, definitions: &Members) -> Vec<String> {
        let mut faults = Vec::new();
        let kinds = Kinds::of(schema.as_value(), definitions);
        for (name, value) in &self.constraints {
            faults.extend(constrain(schema, name, value, kinds).err());
        }
        faults.extend(PAIRS.iter().filter_map(|pair| crossed(schema, pair)));
        if faults.is_empty() {
            faults.extend(self.unfit(schema, definitions));
        }
        if !self.examples.is_empty() {
            schema.insert("examples".to_owned(), self.examples.clone().into());
        }
        if let Some(default) = &self.default {
            if accepts_null(schema, definitions) == Ok(false) {
                *schema = or_null(std::mem::take(schema));
            }
            schema.insert("default".to_owned(), default.clone());
        }
        faults
    }

    /// The default and the examples that the schema refuses.
    fn unfit(&self, schema: &Schema, definitions: &Members) -> Vec<String> {
        let whole = with_definitions(Map::from_iter([("allOf".to_owned(), json!([schema]))]), definitions);
        // A schema that is none is told when the whole of the method's is compiled.
        let Ok(validator) = compile(&whole) else { return Vec::new() };
        let told = |what: &str, value: &Value| {
            validator.validate(value).err().map(|error| format!("its {what} {value} is refused: {error}"))
        };
        let default = self.default.iter().filter_map(|default| match default {
            Value::Null => Some("its default is `null`, which is what it stands for; take an `Option`".to_owned()),
            default => told("default", default),
        });
        default.chain(self.examples.iter().filter_map(|example| told("example", example))).collect()
    }
}

/// Adds one keyword.
fn constrain(schema: &mut Schema, name: &str, value: &Value, kinds: Kinds) -> Result<(), String> {
    let keyword = KEYWORDS.iter().find(|keyword| keyword.name == name);
    let keyword = keyword.ok_or_else(|| format!("`{name}` is no constraint"))?;
    if !kinds.meet(keyword.constrains) {
        let key = keyword.key;
        let constrained = keyword.constrains.name();
        return Err(format!(
            "`{key}` is for {constrained}, and the parameter takes {}{}",
            kinds.name(),
            instead(key, kinds)
        ));
    }
    match schema.get(name) {
        None => {
            schema.insert(name.to_owned(), value.clone());
        }
        Some(known) if known == value => {}
        Some(known) if keyword.value != Operand::Other => {
            if is_weaker(known, value, keyword.value) {
                return Err(format!("`{} = {value}` says nothing: its type has {known} already", keyword.key));
            }
            schema.insert(name.to_owned(), value.clone());
        }
        Some(_) => {
            let parts = schema.ensure_object().entry("allOf").or_insert_with(|| json!([]));
            if let Value::Array(parts) = parts {
                parts.push(json!({name: value}));
            }
        }
    }
    Ok(())
}

/// The key that was probably meant.
fn instead(key: &str, kinds: Kinds) -> String {
    let bound = if key.starts_with("min") || key.starts_with("exclusive_min") { "min" } else { "max" };
    let (is_length, is_items) = (key.ends_with("length"), key.ends_with("items") && key != "unique_items");
    let is_number = key.ends_with("imum");
    let near = match () {
        () if (is_length || is_number) && kinds.meet(kinds::ARRAY) => format!("{bound}_items"),
        () if (is_items || is_number) && kinds.meet(kinds::STRING) => format!("{bound}_length"),
        () if (is_items || is_length) && kinds.meet(kinds::NUMBER) => format!("{bound}imum"),
        () => return String::new(),
    };
    format!("; write `{near}`")
}

/// Whether a bound lets more pass than the one that the type has.
fn is_weaker(known: &Value, value: &Value, operand: Operand) -> bool {
    match (known.as_f64(), value.as_f64(), operand) {
        (Some(known), Some(value), Operand::Lower) => value < known,
        (Some(known), Some(value), Operand::Upper) => value > known,
        _ => false,
    }
}

/// The fault of bounds that let nothing pass.
fn crossed(schema: &Schema, (lower, upper): &(&str, &str)) -> Option<String> {
    let (min, max) = (schema.get(*lower)?, schema.get(*upper)?);
    (min.as_f64()? > max.as_f64()?).then(|| format!("nothing is at least {min} and at most {max}"))
}

/// The schema, or `null`: in the form in which an `Option` has it.
fn or_null(schema: Schema) -> Schema {
    const CHOICES: [&str; 8] = ["$ref", "enum", "const", "anyOf", "oneOf", "allOf", "not", "if"];
    let is_plain = !CHOICES.iter().any(|keyword| schema.get(*keyword).is_some());
    let mut schema = schema;
    match schema.get("type").cloned() {
        Some(kind @ Value::String(_)) if is_plain => {
            schema.insert("type".to_owned(), json!([kind, "null"]));
            schema
        }
        Some(Value::Array(mut kinds)) if is_plain => {
            kinds.push("null".into());
            schema.insert("type".to_owned(), kinds.into());
            schema
        }
        _ => {
            let mut members = Map::new();
            // What people read stays outside.
            if let Some(examples) = schema.remove("examples") {
                members.insert("examples".to_owned(), examples);
            }
            members.insert("anyOf".to_owned(), json!([schema, {"type": "null"}]));
            members.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use schemars::Schema;
    use serde_json::{Map, Value, json};

    use super::Rules;

    fn applied(schema: Value, constraints: &[(&'static str, Value)], default: Option<Value>) -> (Value, Vec<String>) {
        let mut schema = Schema::try_from(schema).unwrap();
        let rules = Rules { constraints: constraints.to_vec(), default, examples: Vec::new() };
        let definitions =
            json!({"Percent": {"type": "integer", "minimum": 0, "maximum": 100}, "Kind": {"enum": ["a"]}});
        let faults = rules.apply(&mut schema, definitions.as_object().unwrap_or(&Map::new()));
        (schema.to_value(), faults)
    }

    fn fault(schema: Value, constraints: &[(&'static str, Value)], default: Option<Value>) -> String {
        applied(schema, constraints, default).1.join("; ")
    }

    #[test]
    fn a_constraint_stands_beside_what_the_type_says() {
        let integer = json!({"type": ["integer", "null"], "minimum": 0, "maximum": 255});
        let (schema, faults) = applied(integer, &[("minimum", json!(1)), ("multipleOf", json!(5))], None);
        assert_eq!(schema, json!({"type": ["integer", "null"], "minimum": 1, "maximum": 255, "multipleOf": 5}));
        assert!(faults.is_empty(), "{faults:?}");
        let (schema, faults) = applied(json!({"$ref": "#/$defs/Percent"}), &[("minimum", json!(1))], None);
        assert_eq!(schema, json!({"$ref": "#/$defs/Percent", "minimum": 1}));
        assert!(faults.is_empty(), "{faults:?}");
        let text = json!({"type": "string", "pattern": "a"});
        let (schema, _) = applied(text, &[("pattern", json!("b")), ("pattern", json!("a"))], None);
        assert_eq!(schema, json!({"type": "string", "pattern": "a", "allOf": [{"pattern": "b"}]}));
    }

    #[test]
    fn a_default_makes_null_acceptable() {
        let (schema, _) = applied(json!({"type": "integer"}), &[], Some(json!(20)));
        assert_eq!(schema, json!({"type": ["integer", "null"], "default": 20}));
        let (schema, _) = applied(json!({"$ref": "#/$defs/Kind"}), &[], Some(json!("a")));
        assert_eq!(schema, json!({"anyOf": [{"$ref": "#/$defs/Kind"}, {"type": "null"}], "default": "a"}));
        let (schema, _) = applied(json!({"type": ["string", "null"]}), &[], Some(json!("a")));
        assert_eq!(schema, json!({"type": ["string", "null"], "default": "a"}));
    }

    #[test]
    fn what_does_not_fit_is_told_with_what_to_write() {
        let integer = || json!({"type": "integer", "minimum": 0, "maximum": 255});
        let one = |name, value| vec![(name, value)];
        assert_eq!(
            fault(integer(), &one("minLength", json!(1)), None),
            "`min_length` is for strings, and the parameter takes numbers; write `minimum`"
        );
        assert_eq!(
            fault(json!({"type": ["array", "null"]}), &one("maxLength", json!(1)), None),
            "`max_length` is for strings, and the parameter takes arrays; write `max_items`"
        );
        assert_eq!(
            fault(json!({"$ref": "#/$defs/Kind"}), &one("exclusiveMinimum", json!(1)), None),
            "`exclusive_minimum` is for numbers, and the parameter takes strings; write `min_length`"
        );
        assert_eq!(
            fault(json!({"type": "boolean"}), &one("pattern", json!("x")), None),
            "`pattern` is for strings, and the parameter takes booleans"
        );
        assert_eq!(
            fault(integer(), &one("maximum", json!(300)), None),
            "`maximum = 300` says nothing: its type has 255 already"
        );
        assert_eq!(
            fault(integer(), &[("minimum", json!(9)), ("maximum", json!(8))], None),
            "nothing is at least 9 and at most 8"
        );
    }

    #[test]
    fn a_default_fits_what_it_stands_for() {
        let integer = || json!({"type": "integer", "minimum": 0, "maximum": 255});
        assert!(
            fault(integer(), &[("maximum", json!(100))], Some(json!(200))).starts_with("its default 200 is refused")
        );
        assert!(fault(integer(), &[], Some(json!("x"))).starts_with("its default \"x\" is refused"));
        assert!(fault(json!(true), &[], Some(json!(null))).starts_with("its default is `null`"));
        assert_eq!(fault(integer(), &[("maximum", json!(100))], Some(json!(100))), "");
        assert_eq!(fault(json!(true), &[("maximum", json!(100)), ("minLength", json!(1))], Some(json!("x"))), "");
    }
}
