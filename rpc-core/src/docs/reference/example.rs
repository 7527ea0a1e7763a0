//! A value that a schema accepts, for examples: small, and the same every time.

use serde_json::{Map, Value, json};

use crate::schema::names;

/// References that are followed inside each other before the value ends.
const MAX_DEPTH: usize = 6;

/// Texts that are tried where a pattern is demanded.
const TEXTS: [&str; 12] = [
    "text",
    "a",
    "A",
    "1",
    "a1",
    "12345678",
    "2026-01-31",
    "2026-01-31T12:00:00Z",
    "ann@example.com",
    "example.com",
    "/a",
    "019ab3c8-5e1f-7d3a-9b6c-2f4e8d1a7c50",
];

/// An example of a schema, by its own examples where it has some.
pub(super) fn of(schema: &Value, definitions: &Map<String, Value>) -> Value {
    Maker { definitions }.value(schema, 0)
}

struct Maker<'d> {
    definitions: &'d Map<String, Value>,
}

impl Maker<'_> {
    fn value(&self, schema: &Value, depth: usize) -> Value {
        let given = ["const", "example"].iter().find_map(|keyword| schema.get(*keyword));
        let listed = ["examples", "enum"].iter().find_map(|keyword| schema.get(*keyword)?.get(0));
        if let Some(value) = given.or(listed).or_else(|| schema.get("default").filter(|value| !value.is_null())) {
            return value.clone();
        }
        let own = self.by_type(schema, depth);
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return merged(self.referred(reference, depth), own);
        }
        if let Some(branches) = ["anyOf", "oneOf"].iter().find_map(|keyword| schema.get(*keyword)?.as_array()) {
            return merged(self.branch(branches, depth), own);
        }
        let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
        parts.fold(own, |whole, part| merged(self.value(part, depth), whole))
    }

    fn referred(&self, reference: &str, depth: usize) -> Value {
        let definition = names::referred(reference).and_then(|name| self.definitions.get(&name));
        definition.filter(|_| depth < MAX_DEPTH).map_or(Value::Null, |schema| self.value(schema, depth + 1))
    }

    /// The first form that is not `null`; deep inside `null`, so that recursion ends.
    fn branch(&self, branches: &[Value], depth: usize) -> Value {
        let is_null = |branch: &&Value| branch.get("type").is_some_and(|kind| kind == "null");
        if depth > 1 && branches.iter().any(|branch| is_null(&branch)) {
            return Value::Null;
        }
        branches.iter().find(|branch| !is_null(branch)).map_or(Value::Null, |branch| self.value(branch, depth))
    }

    fn by_type(&self, schema: &Value, depth: usize) -> Value {
        let kind = match schema.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
            }
            _ if schema.get("properties").is_some() => "object",
            _ => return Value::Null,
        };
        match kind {
            "boolean" => true.into(),
            "integer" => number(schema).unwrap_or(1).into(),
            "number" => number(schema).map_or(json!(1.5), Value::from),
            "string" => text(schema).into(),
            "array" => self.array(schema, depth),
            "object" => self.object(schema, depth),
            _ => Value::Null,
        }
    }

    fn array(&self, schema: &Value, depth: usize) -> Value {
        let first = schema.get("prefixItems").and_then(Value::as_array).into_iter().flatten();
        let mut items: Vec<Value> = first.map(|item| self.value(item, depth)).collect();
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or_default();
        let wanted = least.max(u64::from(depth < 2)).min(8);
        if let Some(item) = schema.get("items").filter(|item| item.is_object()) {
            while (items.len() as u64) < wanted {
                items.push(self.value(item, depth + 1));
            }
        }
        items.into()
    }

    /// The required members; of those that may be left out the first few, unless the value is deep.
    fn object(&self, schema: &Value, depth: usize) -> Value {
        let required = schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let is_required = |name: &String| required.iter().any(|known| known == name);
        let has_room = required.is_empty() && depth < 2;
        let told = properties.filter(|(name, _)| is_required(name) || (has_room && !is_read_option(schema, name)));
        let mut members: Map<String, Value> = told
            .map(|(name, schema)| (name.clone(), self.value(schema, depth + 1)))
            .filter(|(name, value)| is_required(name) || !value.is_null())
            .collect();
        if members.is_empty() && depth < 2 {
            let map =
                schema.get("additionalProperties").filter(|inside| inside.is_object()).map(|inside| ("name", inside));
            let numbers = schema.get("patternProperties").and_then(Value::as_object).and_then(|all| all.iter().next());
            let entry = numbers.map(|(pattern, inside)| (if pattern.contains("\\d") { "7" } else { "name" }, inside));
            if let Some((name, inside)) = entry.or(map) {
                members.insert(name.to_owned(), self.value(inside, depth + 1));
            }
        }
        members.into()
    }
}

/// Whether a member of a list's options needs its reader to know more: an example shows how many rows are wanted.
fn is_read_option(schema: &Value, name: &str) -> bool {
    schema.get(crate::read::KEYWORD).is_some() && name != "limit"
}

/// A whole number between the bounds.
fn number(schema: &Value) -> Option<i64> {
    let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
    let low = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|low| low + 1.0));
    let high = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|high| high - 1.0));
    let wanted = if schema.get("minimum").is_some() && high.is_some_and(|high| (10.0..=10_000.0).contains(&high)) {
        10.0
    } else {
        1.0
    };
    let value = low.map_or(wanted, |low: f64| low.max(wanted)).min(high.unwrap_or(f64::MAX)).ceil();
    let step = schema.get("multipleOf").and_then(Value::as_f64).filter(|step| *step >= 1.0).unwrap_or(1.0);
    #[expect(clippy::cast_possible_truncation, reason = "an example is small, and a cast saturates")]
    Some(((value / step).ceil() * step) as i64)
}

/// A text of the right length and format, and of the right pattern if one of a few has it.
fn text(schema: &Value) -> String {
    let by_format = match schema.get("format").and_then(Value::as_str) {
        Some("email" | "idn-email") => Some("ann@example.com"),
        Some("date-time") => Some("2026-01-31T12:00:00Z"),
        Some("date") => Some("2026-01-31"),
        Some("time") => Some("12:00:00Z"),
        Some("duration") => Some("PT1H"),
        Some("uuid") => Some("019ab3c8-5e1f-7d3a-9b6c-2f4e8d1a7c50"),
        Some("uri" | "iri" | "uri-reference") => Some("https://example.com/"),
        Some("ipv4" | "ip") => Some("192.0.2.1"),
        Some("ipv6") => Some("2001:db8::1"),
        Some("hostname" | "idn-hostname") => Some("example.com"),
        _ => None,
    };
    if let Some(text) = by_format {
        return text.to_owned();
    }
    let bound =
        |keyword: &str| schema.get(keyword).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
    let (low, high) = (bound("minLength").unwrap_or(0).min(64), bound("maxLength").unwrap_or(64));
    let mut own = "text".repeat(low.div_ceil(4).max(1));
    own.truncate(low.max(4).min(high));
    let is_good =
        |text: &&str| crate::schema::compile(schema).is_ok_and(|validator| validator.is_valid(&Value::from(*text)));
    match schema.get("pattern") {
        Some(_) => TEXTS.into_iter().find(is_good).map_or(own, str::to_owned),
        None => own,
    }
}

/// Both in one, where both are objects; else the first, unless it says nothing.
fn merged(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut first), Value::Object(second)) => {
            first.extend(second);
            first.into()
        }
        (Value::Null, second) => second,
        (first, _) => first,
    }
}
