//! One JSON Schema (2020-12) per method, for its whole positional array; compiled once, enforced on every call.

#[cfg(test)]
mod consistency;
pub(crate) mod convert;
mod forms;
pub(crate) mod fractions;
pub(crate) mod instance;
mod kinds;
pub(crate) mod label;
pub(crate) mod names;
pub(crate) mod rules;
pub(crate) mod violations;

use jsonschema::json::Json;
use jsonschema::{PatternOptions, Validator};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use self::instance::BorrowedValues;

/// The schema of a method's parameters, readable and compiled.
#[derive(Debug)]
pub(crate) struct MethodSchema {
    value: Value,
    validator: Validator<BorrowedValues>,
}

/// A generator of schemas for what the server reads.
pub(crate) fn input_generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().with_transform(RecursiveTransform(bound_integers)).into_generator()
}

/// The schema of a type that the server reads.
pub(crate) fn input<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = generator.subschema_for::<T>();
    generator.transforms_mut().for_each(|transform| transform.transform(&mut schema));
    schema
}

/// A generator of schemas for what the server writes.
pub(crate) fn output_generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_serialize().into_generator()
}

/// Gives 32-bit integers their range, which schemars leaves to `format` alone.
fn bound_integers(schema: &mut Schema) {
    let (min, max) = match schema.get("format").and_then(Value::as_str) {
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        Some("uint32") => (0, i64::from(u32::MAX)),
        _ => return,
    };
    for (keyword, bound) in [("minimum", min), ("maximum", max)] {
        if schema.get(keyword).is_none() {
            schema.insert(keyword.to_owned(), bound.into());
        }
    }
}

impl MethodSchema {
    /// Compiles the schema of the whole array. `required` tells for each parameter whether it must be there.
    ///
    /// # Errors
    ///
    /// The schema of a parameter is no valid schema; the text says where.
    pub(crate) fn new(params: &[&Schema], required: &[bool], definitions: &Map<String, Value>) -> Result<Self, String> {
        let min = required.iter().rposition(|&required| required).map_or(0, |last| last + 1);
        let mut schema = Map::new();
        schema.insert("type".into(), "array".into());
        if !params.is_empty() {
            let items = params.iter().map(|schema| schema.as_value().clone()).collect();
            schema.insert("prefixItems".into(), Value::Array(items));
        }
        schema.insert("minItems".into(), min.into());
        schema.insert("maxItems".into(), params.len().into());
        let value = with_definitions(schema, definitions);
        let validator = compile_for(&value)?;
        Ok(Self { value, validator })
    }

    /// The schema as JSON.
    pub(crate) fn value(&self) -> &Value {
        &self.value
    }

    pub(crate) fn validator(&self) -> &Validator<BorrowedValues> {
        &self.validator
    }
}

/// Whether a schema accepts `null`, which is what makes a parameter optional.
///
/// # Errors
///
/// The schema is no valid schema.
pub(crate) fn accepts_null(schema: &Schema, definitions: &Map<String, Value>) -> Result<bool, String> {
    if refuses_null(schema.as_value(), definitions) {
        return Ok(false);
    }
    let mut wrapper = Map::new();
    wrapper.insert("allOf".into(), json!([schema]));
    Ok(compile(&with_definitions(wrapper, definitions))?.is_valid(&Value::Null))
}

/// Whether a schema says so plainly: by its type, or that of the definition that it refers to.
fn refuses_null(schema: &Value, definitions: &Map<String, Value>) -> bool {
    let named = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/$defs/"));
    // A name with an escape is looked up by the validator.
    let definition = named.and_then(|name| definitions.get(name)).unwrap_or(schema);
    match definition.get("type") {
        Some(Value::String(kind)) => kind != "null",
        Some(Value::Array(kinds)) => !kinds.iter().any(|kind| kind == "null"),
        _ => false,
    }
}

pub(crate) fn with_definitions(mut schema: Map<String, Value>, definitions: &Map<String, Value>) -> Value {
    if !definitions.is_empty() {
        schema.insert("$defs".into(), Value::Object(definitions.clone()));
    }
    Value::Object(schema)
}

/// A validator of plain values.
pub(crate) fn compile(schema: &Value) -> Result<Validator, String> {
    compile_for(schema)
}

/// Patterns run on the linear engine; formats that JSON Schema defines are enforced; nothing is fetched.
fn compile_for<F: Json>(schema: &Value) -> Result<Validator<F>, String> {
    jsonschema::options_for::<F>()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| format!("{error} (at {})", error.instance_path()))
}
