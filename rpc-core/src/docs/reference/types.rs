//! Types in words: what a value is, what is demanded of it, and the members, values or forms that it has.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value};

use super::rules::code;
use super::{example, rules, type_anchor};
use crate::Api;
use crate::docs::blocks::blocks;
use crate::method::Method;
use crate::read;
use crate::schema::names;
use crate::schema::violations::WHOLE_NUMBERS;

/// Which way a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// To the server.
    Sent,
    /// From the server.
    Received,
}

/// Lists inside each other that are shown; types that are deeper are told by their kind.
const MAX_DEPTH: usize = 6;

/// The types with names of one API.
pub(super) struct Types {
    sent: Map<String, Value>,
    received: Map<String, Value>,
}

impl Types {
    pub(super) fn new(api: &Api, methods: &[&Method]) -> Self {
        let sent = methods.iter().filter_map(|method| method.params_schema().get("$defs")?.as_object());
        let events = api.events().filter_map(|event| event.payload_schema()?.get("$defs")?.as_object());
        let received = std::iter::once(api.result_definitions()).chain(events);
        Self { sent: sorted(sent), received: sorted(received) }
    }

    fn definitions(&self, direction: Direction) -> &Map<String, Value> {
        match direction {
            Direction::Sent => &self.sent,
            Direction::Received => &self.received,
        }
    }

    pub(super) fn example(&self, direction: Direction, schema: &Value) -> Value {
        example::of(schema, self.definitions(direction))
    }

    /// The types that others refer to, each once.
    pub(super) fn section(&self) -> String {
        let one = |direction: Direction, (name, schema): (&String, &Value)| {
            let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
            blocks([
                format!("<a id=\"{}\"></a>", type_anchor(direction, name)),
                format!("### {}{}", code(name), if direction == Direction::Sent { ", as it is sent" } else { "" }),
                text.to_owned(),
                self.described(direction, schema, 0),
            ])
        };
        let sent = self.sent.iter().filter(|entry| !self.is_both(entry)).map(|entry| one(Direction::Sent, entry));
        let parts: Vec<String> =
            sent.chain(self.received.iter().map(|entry| one(Direction::Received, entry))).collect();
        if parts.is_empty() { String::new() } else { blocks(std::iter::once("## Types".to_owned()).chain(parts)) }
    }

    /// Whether a type is the same on its way to the server and back.
    fn is_both(&self, (name, schema): &(&String, &Value)) -> bool {
        self.received.get(*name) == Some(schema)
    }

    /// What a schema is, on the first line; then its members, values or forms, as a list.
    pub(super) fn described(&self, direction: Direction, schema: &Value, depth: usize) -> String {
        let kind = self.kind(direction, schema);
        let rules = rules::of(schema);
        let rules = if rules.is_empty() { String::new() } else { format!(", {}", rules.join(", ")) };
        let list = if depth < MAX_DEPTH { self.list(direction, schema, depth) } else { String::new() };
        if list.is_empty() { format!("{kind}{rules}") } else { format!("{kind}{rules}\n\n{list}") }
    }

    /// What a value is: "array of integer", "[`Order`](#type-order) or null".
    fn kind(&self, direction: Direction, schema: &Value) -> String {
        if schema.get(read::KEYWORD).is_some() {
            return "options of a list".to_owned();
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let link = self.link(direction, reference);
            return if schema.get("properties").is_some() {
                format!("object with the members of {link}")
            } else {
                link
            };
        }
        if let Some(value) = schema.get("const") {
            return code(&value.to_string());
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            let values: Vec<String> = values.iter().map(|value| code(&value.to_string())).collect();
            return if let [only] = &values[..] { only.clone() } else { format!("one of {}", values.join(", ")) };
        }
        if let Some(branches) = branches(schema) {
            return self.choice(direction, branches);
        }
        if let Some([only]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
            return self.kind(direction, only);
        }
        match schema.get("type") {
            Some(Value::Array(kinds)) => {
                let kinds = kinds.iter().filter_map(Value::as_str);
                kinds.map(|kind| self.simple(direction, kind, schema)).collect::<Vec<_>>().join(" or ")
            }
            Some(Value::String(kind)) => self.simple(direction, kind, schema),
            _ => "anything".to_owned(),
        }
    }

    fn simple(&self, direction: Direction, kind: &str, schema: &Value) -> String {
        let inside = |keyword: &str| schema.get(keyword).filter(|inside| inside.is_object());
        match kind {
            "array" if schema.get("prefixItems").is_some() => {
                let items = schema["prefixItems"].as_array().into_iter().flatten();
                let items: Vec<String> = items.map(|item| self.kind(direction, item)).collect();
                format!("array of {}, in this order", items.join("; "))
            }
            "array" => inside("items").map_or_else(
                || "array".to_owned(),
                |item| {
                    let rules = rules::of(item);
                    let rules = if rules.is_empty() { String::new() } else { format!(" ({})", rules.join(", ")) };
                    format!("array of {}{rules}", self.kind(direction, item))
                },
            ),
            "object" => {
                let patterns = schema.get("patternProperties").and_then(Value::as_object);
                match (patterns.and_then(|all| all.iter().next()), schema.get("additionalProperties")) {
                    (Some((pattern, item)), _) if WHOLE_NUMBERS.contains(&pattern.as_str()) => {
                        format!("map of {} by whole number", self.kind(direction, item))
                    }
                    (Some((pattern, item)), _) => {
                        format!("map of {} by names of the pattern {}", self.kind(direction, item), code(pattern))
                    }
                    (None, Some(item)) if item.is_object() || (schema.get("properties").is_none() && *item == true) => {
                        format!("map of {} by name", self.kind(direction, item))
                    }
                    (None, _) => "object".to_owned(),
                }
            }
            "null" => code("null"),
            other => other.to_owned(),
        }
    }

    fn link(&self, direction: Direction, reference: &str) -> String {
        let Some(name) = names::referred(reference) else { return "anything".to_owned() };
        let direction = match self.definitions(direction).get(&name) {
            Some(schema) if self.is_both(&(&name, schema)) => Direction::Received,
            _ => direction,
        };
        format!("[{}](#{})", code(&name), type_anchor(direction, &name))
    }

    fn choice(&self, direction: Direction, branches: &[Value]) -> String {
        let is_constant = |branch: &Value| branch.get("const").is_some() || branch.get("enum").is_some();
        if branches.len() > 1 && branches.iter().all(is_constant) {
            return "one of these values".to_owned();
        }
        let mut kinds: Vec<String> = Vec::new();
        for branch in branches {
            let kind = self.kind(direction, branch);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds.join(" or ")
    }

    fn list(&self, direction: Direction, schema: &Value, depth: usize) -> String {
        if let Some(short) = schema.get(read::KEYWORD).and_then(Value::as_object) {
            return read_options(short, schema);
        }
        let mut lines = String::new();
        for branch in branches(schema).into_iter().flatten().filter(|branch| is_listed(branch)) {
            let text = description(branch);
            let described = self.described(direction, branch, depth + 1);
            let _ = writeln!(lines, "-   {}", item(&described, &text));
        }
        let required = schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let necessity = if required.iter().any(|known| known == name) { "" } else { " · optional" };
            let described = self.described(direction, member, depth + 1);
            let _ = writeln!(lines, "-   **{name}**{necessity} · {}", item(&described, &description(member)));
        }
        if lines.is_empty() && depth < MAX_DEPTH {
            for keyword in ["items", "additionalProperties"] {
                let inside = schema.get(keyword).filter(|inside| inside.get("$ref").is_none());
                lines.push_str(&inside.map(|inside| self.list(direction, inside, depth + 1)).unwrap_or_default());
            }
        }
        lines.trim_end().to_owned()
    }
}

fn sorted<'d>(all: impl Iterator<Item = &'d Map<String, Value>>) -> Map<String, Value> {
    let sorted: BTreeMap<&String, &Value> = all.flatten().collect();
    sorted.into_iter().map(|(name, schema)| (name.clone(), schema.clone())).collect()
}

fn branches(schema: &Value) -> Option<&[Value]> {
    ["anyOf", "oneOf"].iter().find_map(|keyword| schema.get(*keyword)?.as_array()).map(Vec::as_slice)
}

/// Whether a form says more than its kind.
fn is_listed(branch: &Value) -> bool {
    branch.get("const").is_some() || branch.get("properties").is_some() || branch.get("enum").is_some()
}

fn description(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).unwrap_or_default().replace('\n', " ")
}

/// The first line with the description after it, and the rest indented below.
fn item(described: &str, text: &str) -> String {
    let (first, rest) = described.split_once('\n').unwrap_or((described, ""));
    let text = if text.is_empty() { String::new() } else { format!(" · {text}") };
    let rest: String = rest.lines().filter(|line| !line.is_empty()).map(|line| format!("\n    {line}")).collect();
    format!("{first}{text}{rest}")
}

/// The fields that a list can be asked for by, and the size of its pages.
fn read_options(fields: &Map<String, Value>, schema: &Value) -> String {
    let max = schema.pointer("/properties/limit/maximum").cloned().unwrap_or_default();
    let mut lines =
        vec!["-   **where** · optional · object of conditions, `[operator, value]` or the value:".to_owned()];
    for (name, field) in fields {
        let list = field.get("conditions").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let operators: Vec<String> = list.map(code).collect();
        if !operators.is_empty() {
            let required = if field.get("required").is_some() { ", required" } else { "" };
            let kind = match field.get("type") {
                Some(Value::String(kind)) => kind.clone(),
                Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
                _ => "value".to_owned(),
            };
            lines.push(format!("    -   **{name}** · {kind}, {}{required}", operators.join(", ")));
        }
    }
    let sortable = fields.iter().filter(|(_, field)| field.get("sortable").is_some());
    let sortable: Vec<String> = sortable.map(|(name, _)| code(name)).collect();
    if !sortable.is_empty() {
        lines.push(format!(
            "-   **order_by** · optional · a name, or an array of names and of `[name, \"asc\" or \"desc\"]`: {}",
            sortable.join(", ")
        ));
    }
    lines.push("-   **offset** · optional · integer, at least 0".to_owned());
    lines.push(format!("-   **limit** · optional · integer, 1 to {max}"));
    lines.join("\n")
}
