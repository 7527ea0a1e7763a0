//! What the documents show of a JSON Schema: the keywords that a caller reads, in one order, with references resolved.

use std::collections::HashSet;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::method::Parameter;
use crate::method::entry::ParamStyle;
use crate::read;

/// Where references point.
const DEFINITIONS: &str = "#/$defs/";

/// Keywords that are copied as they are, after all others.
const BOUNDS: [&str; 2] = ["minimum", "maximum"];

type Members = Map<String, Value>;

/// The part of a parameter's schema that the documents show.
pub(super) fn of_parameter(param: &Parameter, definitions: &Members) -> Value {
    let shown = || View::new(definitions).schema(param.schema());
    match param.style() {
        ParamStyle::Opaque => json!({"type": "object"}),
        ParamStyle::Nullable => or_null(without_null(shown())),
        ParamStyle::Plain if param.is_required() => shown(),
        ParamStyle::Plain => without_null(shown()),
    }
}

/// One walk through one schema.
struct View<'d> {
    definitions: &'d Members,
    /// The definitions around the place of the walk, outermost first.
    open: Vec<String>,
    /// The definitions that hold themselves; each is shown in full once.
    recursive: HashSet<String>,
}

impl<'d> View<'d> {
    fn new(definitions: &'d Members) -> Self {
        Self {
            definitions,
            open: Vec::new(),
            recursive: HashSet::new(),
        }
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
        let parts = array(schema, "allOf")
            .iter()
            .map(|part| self.schema(part))
            .collect::<Vec<_>>();
        let referred = schema
            .get("$ref")
            .and_then(Value::as_str)
            .map(|reference| self.reference(reference));
        let parts = referred.into_iter().chain(parts).filter_map(into_members);
        ordered(parts.fold(own, merged))
    }

    /// What a schema says itself, without the schemas that it adds to.
    fn own(&mut self, schema: &Members) -> Members {
        let mut shown = Members::new();
        for (keyword, value) in schema {
            let (keyword, value) = match keyword.as_str() {
                "type" | "enum" | "required" => (keyword.as_str(), value.clone()),
                "const" => ("enum", json!([value])),
                "properties" => (keyword.as_str(), self.properties(schema, value).into()),
                "additionalProperties" | "unevaluatedProperties" => ("additionalProperties", self.schema(value)),
                "anyOf" | "oneOf" => ("anyOf", self.list(value)),
                "prefixItems" => (keyword.as_str(), self.list(value)),
                "items" => (keyword.as_str(), self.schema(value)),
                bound if BOUNDS.contains(&bound) => (bound, value.clone()),
                _ => continue,
            };
            shown.insert(keyword.to_owned(), value);
        }
        folded(shown)
    }

    fn list(&mut self, schemas: &Value) -> Value {
        schemas
            .as_array()
            .into_iter()
            .flatten()
            .map(|schema| self.schema(schema))
            .collect()
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
        let name = percent_decode_str(reference.strip_prefix(DEFINITIONS)?).decode_utf8_lossy();
        let name = name.replace("~1", "/").replace("~0", "~");
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
    merged(
        schema,
        Members::from_iter([("type".to_owned(), kind), ("enum".to_owned(), values)]),
    )
}

fn constants(branches: &[Value]) -> Option<(Value, Value)> {
    let kind = branches.first()?.get("type")?;
    let mut values = Vec::new();
    for branch in branches {
        let branch = branch
            .as_object()
            .filter(|branch| branch.len() == 2 && branch.get("type") == Some(kind))?;
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
    let first = [
        "type",
        "enum",
        "properties",
        "required",
        "additionalProperties",
        "anyOf",
        "items",
        "prefixItems",
    ];
    let order = first.iter().chain(&BOUNDS);
    order.filter_map(|keyword| schema.remove_entry(*keyword)).collect()
}

/// A shown schema that does not mention `null`.
fn without_null(shown: Value) -> Value {
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
        let mut branches: Vec<Value> = branches
            .into_iter()
            .filter(|branch| *branch != null())
            .map(without_null)
            .collect();
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
fn or_null(shown: Value) -> Value {
    let branches = match &shown {
        Value::Object(members) if members.len() == 1 => array(members, "anyOf"),
        _ => &[],
    };
    let branches = if branches.is_empty() {
        vec![shown]
    } else {
        branches.to_vec()
    };
    let branches: Vec<Value> = std::iter::once(null()).chain(branches).collect();
    json!({ "anyOf": branches })
}

fn null() -> Value {
    json!({"type": "null"})
}
