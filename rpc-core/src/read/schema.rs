//! The schema of a list's options: expanded for the validator, with the short form beside it for the documents.

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::ReadFields;
use super::fields::{Field, FieldList, Operator};

/// The keyword under which the short form stands; validators pass it over.
pub(crate) const KEYWORD: &str = "apiRead";

pub(super) fn of<F: ReadFields>(generator: &mut SchemaGenerator) -> Schema {
    let mut list = FieldList { generator, fields: Vec::new() };
    F::describe(&mut list);
    let FieldList { generator, fields } = list;
    let mut properties = Map::new();
    properties.insert("where".into(), conditions(&fields));
    properties.insert("order_by".into(), order_by(&fields));
    properties.insert("offset".into(), json!({"type": ["integer", "null"], "minimum": 0}));
    properties.insert("limit".into(), json!({"type": ["integer", "null"], "minimum": 1, "maximum": F::MAX_LIMIT}));
    if let Some(id) = fields.iter().find(|field| field.name == "id" && field.operators.contains(&Operator::Eq)) {
        properties.insert("id".into(), or_null(id.schema.as_value()));
    }
    let mut schema = Schema::default();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), properties.into());
    schema.insert("additionalProperties".into(), false.into());
    schema.insert(KEYWORD.into(), short_form(&fields, generator.definitions()));
    schema
}

fn or_null(schema: &Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

fn conditions(fields: &[Field]) -> Value {
    let asked: Vec<&Field> = fields.iter().filter(|field| !field.operators.is_empty()).collect();
    let properties: Map<String, Value> = asked.iter().map(|field| (field.name.into(), condition(field))).collect();
    let required: Vec<&str> = asked.iter().filter(|field| field.required).map(|field| field.name).collect();
    json!({"type": ["object", "null"], "properties": properties, "required": required, "additionalProperties": false})
}

/// `["like", text]`, `["=", value]`, or for `=` the bare value; nothing or `null` unless the condition is required.
fn condition(field: &Field) -> Value {
    let mut forms = Vec::new();
    for &operator in field.operators {
        let operand = match operator {
            Operator::Eq => field.schema.as_value().clone(),
            Operator::Like => json!({"type": "string"}),
        };
        let items = json!([{"type": "string", "enum": [operator.text()]}, operand]);
        forms.push(json!({"type": "array", "prefixItems": items, "minItems": 2, "maxItems": 2}));
    }
    if field.operators.contains(&Operator::Eq) {
        forms.push(field.schema.as_value().clone());
    }
    if !field.required {
        forms.push(json!({"type": "null"}));
    }
    json!({ "anyOf": forms })
}

fn order_by(fields: &[Field]) -> Value {
    let names: Vec<&str> = fields.iter().filter(|field| field.sortable).map(|field| field.name).collect();
    if names.is_empty() {
        return json!({"type": ["array", "null"], "maxItems": 0});
    }
    let max = names.len();
    let name = json!({"type": "string", "enum": names});
    let direction = json!({"type": "string", "enum": ["asc", "desc"]});
    let directed = json!({"type": "array", "prefixItems": [name, direction], "minItems": 1, "maxItems": 2});
    let many = json!({"type": "array", "items": {"anyOf": [name, directed]}, "maxItems": max});
    json!({"anyOf": [name, many, {"type": "null"}]})
}

/// Per field: `type` (where there are conditions), `conditions`, `sortable`, `required`.
fn short_form(fields: &[Field], definitions: &Map<String, Value>) -> Value {
    let short = fields.iter().map(|field| (field.name.to_owned(), short_field(field, definitions)));
    short.collect::<Map<_, _>>().into()
}

fn short_field(field: &Field, definitions: &Map<String, Value>) -> Value {
    let mut short = Map::new();
    if !field.operators.is_empty() {
        let named = field.schema.get("$ref").and_then(Value::as_str);
        let definition = named.and_then(|path| definitions.get(path.rsplit('/').next()?));
        let kind = definition.map_or_else(|| field.schema.get("type"), |definition| definition.get("type"));
        short.insert("type".into(), kind.cloned().unwrap_or_else(|| "object".into()));
        let operators: Vec<&str> = field.operators.iter().map(|operator| operator.text()).collect();
        short.insert("conditions".into(), operators.into());
    }
    if field.sortable {
        short.insert("sortable".into(), true.into());
    }
    if field.required {
        short.insert("required".into(), true.into());
    }
    short.into()
}
