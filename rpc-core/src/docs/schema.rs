//! What the documents show of a JSON Schema: the keywords that a caller reads, in one order, with references resolved.

mod null;

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use self::null::{or_null, without_null};
use crate::method::Parameter;
use crate::method::entry::ParamStyle;
use crate::read;
use crate::schema::names;
use crate::schema::rules::Rules;

/// The keywords that are shown, in their order.
const ORDER: [&str; 11] = [
    "type",
    "enum",
    "properties",
    "patternProperties",
    "required",
    "additionalProperties",
    "anyOf",
    "items",
    "prefixItems",
    "minimum",
    "maximum",
];

type Members = Map<String, Value>;

/// The part of a parameter's schema that the documents show.
pub(super) fn of_parameter(param: &Parameter, definitions: &Members) -> Value {
    let shown = || View::new(definitions).schema(param.schema());
    let shown = match param.style() {
        ParamStyle::Opaque => return json!({"type": "object"}),
        ParamStyle::Nullable => or_null(without_null(shown())),
        ParamStyle::Plain if param.is_required() => shown(),
        ParamStyle::Plain => without_null(shown()),
    };
    with_rules(shown, &param.entry.rules)
}

/// The schema with all that the attribute of the parameter says.
fn with_rules(mut shown: Value, rules: &Rules) -> Value {
    if let Value::Object(members) = &mut shown {
        for (keyword, value) in &rules.constraints {
            members.entry(*keyword).or_insert_with(|| value.clone());
        }
        let default = rules.default.iter().map(|default| ("default", default.clone()));
        let examples = (!rules.examples.is_empty()).then(|| ("examples", Value::from(rules.examples.clone())));
        members.extend(default.chain(examples).map(|(keyword, value)| (keyword.to_owned(), value)));
    }
    shown
}

/// The part of a payload's schema, complete with its definitions, that the documents show.
pub(super) fn of_payload(schema: &Value) -> Value {
    let none = Members::new();
    View::new(schema.get("$defs").and_then(Value::as_object).unwrap_or(&none)).schema(schema)
}

/// One walk through one schema.
struct View<'d> {
    definitions: &'d Members,
    /// The definitions around the current schema of the walk, outermost first.
    open: Vec<String>,
    /// The definitions that hold themselves; each is shown in full once.
    recursive: HashSet<String>,
}

impl<'d> View<'d> {
    fn new(definitions: &'d Members) -> Self {
        Self { definitions, open: Vec::new(), recursive: HashSet::new() }
    }

    fn schema(&mut self, schema: &Value) -> Value {
        match schema {
            Value::Object(members) => self.members(members).into(),
            Value::Bool(false) => false.into(),
            _ => Members::new().into(),
        }
    }

    fn members(&mut self, schema: &Members) -> Members {
        if let Some(short) = schema.get(read::KEYWORD) {
            return single(read::KEYWORD, short.clone());
        }
        let own = self.own(schema);
        let parts = array(schema, "allOf").iter().map(|part| self.schema(part)).collect::<Vec<_>>();
        let referred = schema.get("$ref").and_then(Value::as_str).map(|reference| self.reference(reference));
        let parts = referred.into_iter().chain(parts).filter_map(into_members);
        ordered(parts.fold(own, merged))
    }

    /// What a schema says itself, without the schemas that it adds to.
    fn own(&mut self, schema: &Members) -> Members {
        let mut shown = Members::new();
        for (keyword, value) in schema {
            let (keyword, value) = match keyword.as_str() {
                "type" | "enum" | "required" | "minimum" | "maximum" => (keyword.as_str(), value.clone()),
                "const" => ("enum", json!([value])),
                "properties" => (keyword.as_str(), self.properties(schema, value).into()),
                "patternProperties" => (keyword.as_str(), self.patterns(value).into()),
                "additionalProperties" | "unevaluatedProperties" => ("additionalProperties", self.schema(value)),
                "anyOf" | "oneOf" => ("anyOf", self.list(value)),
                "prefixItems" => (keyword.as_str(), self.list(value)),
                "items" => (keyword.as_str(), self.schema(value)),
                _ => continue,
            };
            shown.insert(keyword.to_owned(), value);
        }
        folded(shown)
    }

    fn list(&mut self, schemas: &Value) -> Value {
        schemas.as_array().into_iter().flatten().map(|schema| self.schema(schema)).collect()
    }

    /// The members; `null` is left out for those that may be absent.
    fn properties(&mut self, object: &Members, properties: &Value) -> Members {
        let required = array(object, "required");
        let mut shown = Members::new();
        for (name, schema) in properties.as_object().into_iter().flatten() {
            let schema = self.schema(schema);
            let is_required = required.iter().any(|required| required == name);
            shown.insert(name.clone(), if is_required { schema } else { without_null(schema) });
        }
        shown
    }

    /// The members whose names match a pattern: the keys of a map that are numbers, say.
    fn patterns(&mut self, patterns: &Value) -> Members {
        let patterns = patterns.as_object().into_iter().flatten();
        patterns.map(|(pattern, schema)| (pattern.clone(), self.schema(schema))).collect()
    }

    /// What a reference stands for; of a recursive type only the `type`, when it was shown already.
    fn reference(&mut self, reference: &str) -> Value {
        let Some((name, definition)) = self.definition(reference) else {
            return Members::new().into();
        };
        if let Some(position) = self.open.iter().position(|open| *open == name) {
            self.recursive.extend(self.open[position..].iter().cloned());
        }
        if self.recursive.contains(&name) {
            let kind = definition.get("type").map(|kind| single("type", kind.clone()));
            return kind.unwrap_or_default().into();
        }
        self.open.push(name);
        let shown = self.schema(definition);
        self.open.pop();
        shown
    }

    fn definition(&self, reference: &str) -> Option<(String, &'d Value)> {
        let name = names::referred(reference)?;
        let definition = self.definitions.get(&name)?;
        Some((name, definition))
    }
}

fn single(keyword: &str, value: Value) -> Members {
    Members::from_iter([(keyword.to_owned(), value)])
}

fn array<'s>(schema: &'s Members, keyword: &str) -> &'s [Value] {
    schema.get(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn into_members(schema: Value) -> Option<Members> {
    match schema {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// Both schemas in one: members and required names add up; of anything else the first that says it counts.
fn merged(mut schema: Members, other: Members) -> Members {
    for (keyword, value) in other {
        match (schema.get_mut(&keyword), value) {
            (Some(Value::Object(known)), Value::Object(new)) if keyword == "properties" => known.extend(new),
            (Some(Value::Array(known)), Value::Array(new)) if keyword == "required" => {
                let new: Vec<Value> = new.into_iter().filter(|name| !known.contains(name)).collect();
                known.extend(new);
            }
            (Some(_), _) => {}
            (None, value) => {
                schema.insert(keyword, value);
            }
        }
    }
    schema
}

/// A choice between constants of one type as that type with an `enum`.
fn folded(mut schema: Members) -> Members {
    let Some((kind, values)) = constants(array(&schema, "anyOf")) else {
        return schema;
    };
    schema.remove("anyOf");
    merged(schema, Members::from_iter([("type".to_owned(), kind), ("enum".to_owned(), values)]))
}

fn constants(branches: &[Value]) -> Option<(Value, Value)> {
    let kind = branches.first()?.get("type")?;
    let mut values = Vec::new();
    for branch in branches {
        let branch = branch.as_object().filter(|branch| branch.len() == 2 && branch.get("type") == Some(kind))?;
        values.extend(branch.get("enum")?.as_array()?.iter().cloned());
    }
    Some((kind.clone(), values.into()))
}

/// The order of the documents, without what says nothing. `required` is there for closed objects, even if empty.
fn ordered(mut schema: Members) -> Members {
    if let Some(short) = schema.remove(read::KEYWORD) {
        return single(read::KEYWORD, short);
    }
    let nothing = json!({});
    schema
        .retain(|keyword, value| !(matches!(keyword.as_str(), "additionalProperties" | "items") && *value == nothing));
    let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    if is_closed && !schema.contains_key("required") {
        schema.insert("required".to_owned(), json!([]));
    } else if !is_closed && array(&schema, "required").is_empty() {
        schema.remove("required");
    }
    schema.retain(|keyword, value| keyword != "properties" || *value != nothing);
    ORDER.iter().filter_map(|keyword| schema.remove_entry(*keyword)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::View;

    fn shown(schema: &Value, definitions: &Value) -> Value {
        View::new(definitions.as_object().unwrap()).schema(schema)
    }

    /// `assert_eq!`, also of the order of members.
    fn assert_shown(schema: &Value, expected: &Value) {
        let definitions = json!({
            "Text": {"type": "string", "minLength": 1},
            "a/b ~": {"type": "boolean"},
            "Alias": {"$ref": "#/$defs/Text"},
            "Loop": {"$ref": "#/$defs/Loop"},
            "Any": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/$defs/Any"}}]},
        });
        assert_eq!(shown(schema, &definitions).to_string(), expected.to_string());
    }

    #[test]
    fn keywords_come_in_one_order_and_others_not_at_all() {
        assert_shown(
            &json!({
                "maximum": 5, "minimum": 1, "prefixItems": [true], "items": false, "anyOf": [{"type": "null"}],
                "additionalProperties": false, "required": ["b"], "properties": {"b": {"title": "B"}, "a": {"format": "x"}},
                "enum": [1], "type": "object", "title": "T", "description": "D", "default": 1, "format": "f", "pattern": "p",
            }),
            &json!({
                "type": "object", "enum": [1], "properties": {"b": {}, "a": {}}, "required": ["b"],
                "additionalProperties": false, "anyOf": [{"type": "null"}], "items": false, "prefixItems": [{}],
                "minimum": 1, "maximum": 5,
            }),
        );
    }

    #[test]
    fn maps_show_what_their_keys_look_like() {
        assert_shown(
            &json!({"patternProperties": {"^a$": {"$ref": "#/$defs/Text"}}, "additionalProperties": false, "type": "object"}),
            &json!({
                "type": "object", "patternProperties": {"^a$": {"type": "string"}}, "required": [],
                "additionalProperties": false,
            }),
        );
    }

    #[test]
    fn what_allows_anything_is_left_out() {
        assert_shown(
            &json!({"type": "object", "additionalProperties": true, "required": []}),
            &json!({"type": "object"}),
        );
        assert_shown(&json!({"type": "array", "items": true}), &json!({"type": "array"}));
        assert_shown(&json!(true), &json!({}));
    }

    #[test]
    fn closed_objects_name_what_they_require() {
        let closed = json!({"type": "object", "required": [], "additionalProperties": false});
        assert_shown(&json!({"type": "object", "additionalProperties": false}), &closed);
        assert_shown(&json!({"type": "object", "unevaluatedProperties": false}), &closed);
    }

    #[test]
    fn references_are_resolved() {
        for reference in ["#/$defs/Text", "#/$defs/Alias"] {
            assert_shown(&json!({"$ref": reference, "description": "D"}), &json!({"type": "string"}));
        }
        assert_shown(&json!({"$ref": "#/$defs/a~1b%20~0"}), &json!({"type": "boolean"}));
        assert_shown(&json!({"$ref": "#/$defs/Unknown"}), &json!({}));
    }

    #[test]
    fn recursion_ends() {
        assert_shown(&json!({"$ref": "#/$defs/Loop"}), &json!({}));
        let any = json!({"anyOf": [{"type": "string"}, {"type": "array"}]});
        assert_shown(&json!({"$ref": "#/$defs/Any"}), &any);
    }

    #[test]
    fn types_that_all_hold_each_other_are_shown_in_bounded_space() {
        let names: Vec<String> = (0..40).map(|number| format!("T{number}")).collect();
        let members: Map<String, Value> =
            names.iter().map(|name| (name.clone(), json!({ "$ref": format!("#/$defs/{name}") }))).collect();
        let definition = json!({"type": "object", "properties": members});
        let definitions: Map<String, Value> = names.iter().map(|name| (name.clone(), definition.clone())).collect();
        let text = shown(&definition, &definitions.into()).to_string();
        assert!(text.len() < 100_000, "{}", text.len());
    }

    #[test]
    fn parts_are_put_together() {
        let part = |name: &str| json!({"type": "object", "properties": {name: {"type": "string"}}, "required": [name]});
        let own = json!({"properties": {"c": true}, "required": ["c"], "allOf": [part("a"), part("b"), part("a")]});
        let expected = json!({
            "type": "object",
            "properties": {"c": {}, "a": {"type": "string"}, "b": {"type": "string"}},
            "required": ["c", "a", "b"],
        });
        assert_shown(&own, &expected);
    }

    #[test]
    fn choices_between_constants_are_enums() {
        let constant = |value: &str| json!({"type": "string", "const": value, "description": "D"});
        let values = json!({"type": "string", "enum": ["a", "b", "c"]});
        let more = json!({"type": "string", "enum": ["b", "c"]});
        assert_shown(&json!({"oneOf": [constant("a"), more]}), &values);
        let mixed = json!([{"type": "string", "enum": ["a"]}, {"type": "integer"}]);
        assert_shown(&json!({"oneOf": [constant("a"), {"type": "integer"}]}), &json!({ "anyOf": mixed }));
    }
}
