//! Whether a value of a schema may hold a number with a fraction, and so one that is not finite.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// Keywords that say what a value may be by themselves.
const TELLING: [&str; 7] = ["type", "$ref", "const", "enum", "anyOf", "oneOf", "allOf"];

/// Whether it may; a schema that allows anything says so too.
pub(crate) fn may_hold(schema: &Value, definitions: &Map<String, Value>) -> bool {
    let mut search = Search { definitions, seen: HashSet::new() };
    search.any(schema)
}

struct Search<'s> {
    definitions: &'s Map<String, Value>,
    /// Definitions that were looked at: types refer to themselves.
    seen: HashSet<&'s str>,
}

impl<'s> Search<'s> {
    fn any(&mut self, schema: &'s Value) -> bool {
        let Value::Object(schema) = schema else { return schema != &Value::Bool(false) };
        let is_number = |kind: &Value| kind == "number";
        let by_type = match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().any(is_number),
            Some(kind) => is_number(kind),
            None => !TELLING.iter().any(|keyword| schema.contains_key(*keyword)),
        };
        by_type || self.referred(schema) || schema.iter().any(|(keyword, below)| self.below(keyword, below))
    }

    fn referred(&mut self, schema: &'s Map<String, Value>) -> bool {
        let Some(name) = schema.get("$ref").and_then(Value::as_str) else { return false };
        let name = name.strip_prefix("#/$defs/").unwrap_or(name);
        match self.definitions.get(name) {
            Some(definition) => self.seen.insert(name) && self.any(definition),
            None => true,
        }
    }

    fn below(&mut self, keyword: &str, below: &'s Value) -> bool {
        match (keyword, below) {
            ("properties" | "patternProperties", Value::Object(members)) => {
                members.values().any(|schema| self.any(schema))
            }
            ("prefixItems" | "anyOf" | "oneOf" | "allOf", Value::Array(schemas)) => {
                schemas.iter().any(|schema| self.any(schema))
            }
            ("items" | "additionalProperties", schema) => self.any(schema),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use serde::Serialize;
    use serde_json::Value;

    use super::may_hold;
    use crate::schema::output_generator;

    #[derive(Serialize, JsonSchema)]
    struct Tree {
        name: String,
        sizes: Vec<Option<u64>>,
        below: Vec<Tree>,
    }

    #[derive(Serialize, JsonSchema)]
    struct Weighed {
        trees: BTreeMap<String, Weight>,
    }

    #[derive(Serialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum Weight {
        Known(f32),
        Unknown,
    }

    fn holds<T: JsonSchema>() -> bool {
        let mut generator = output_generator();
        let schema = Value::from(generator.subschema_for::<T>());
        may_hold(&schema, &generator.take_definitions(true))
    }

    #[test]
    fn only_types_with_fractions_or_anything_may_hold_one() {
        assert!(!holds::<Tree>() && !holds::<()>() && !holds::<(u8, String, bool)>() && !holds::<Option<Vec<Tree>>>());
        assert!(
            holds::<f64>() && holds::<Option<f32>>() && holds::<Weighed>() && holds::<(u8, f64)>() && holds::<Value>()
        );
    }
}
