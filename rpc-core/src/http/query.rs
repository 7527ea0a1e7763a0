//! The query of a GET request: one object of strings, or the parameters of a method by name.

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use super::path::has_bad_escape;
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::limits::DocumentLimits;
use crate::method::Method;

/// The only parameter that a query makes; `None` without a query.
pub(super) fn parameter(query: Option<&str>) -> Result<Option<Value>, ApiError> {
    let Some(query) = query.filter(|query| !query.is_empty()) else {
        return Ok(None);
    };
    let mut members = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name)?;
        if members.contains_key(&name) {
            return Err(ApiError::of(ErrorCode::Parse).with_reason("Parse error: repeated name in the query"));
        }
        members.insert(name, decode(value)?.into());
    }
    Ok(Some(members.into()))
}

/// Whether a query names the parameters of a method: it is `read_only`, and its first parameter is no object, for which the query
/// as a whole would be the value.
pub(super) fn names_parameters(method: &Method) -> bool {
    method.is_read_only() && types(method, 0).is_some_and(|types| !types.contains(&"object"))
}

/// The parameters of a query as their types need them: a text as it is, anything else as JSON. What is no JSON stays a text, so that
/// the schema says what it should be.
pub(super) fn by_name(query: Value, method: &Method, limits: DocumentLimits) -> Value {
    let Value::Object(mut members) = query else { return query };
    for (position, param) in method.params().iter().enumerate() {
        if let Some(Value::String(text)) = members.get(param.name())
            && types(method, position).is_some_and(|types| !types.contains(&"string"))
            && let Ok(value) = Codec::Json.decode(text.as_bytes(), limits)
        {
            members.insert(param.name().to_owned(), value);
        }
    }
    members.into()
}

/// The JSON types of a parameter, where its schema says them plainly: itself, or in the definition that it refers to.
fn types(method: &Method, position: usize) -> Option<Vec<&str>> {
    let root = method.params_schema();
    let schema = root.get("prefixItems")?.get(position)?;
    let definition = schema.get("$ref").and_then(Value::as_str).and_then(|path| root.pointer(path.strip_prefix('#')?));
    match definition.unwrap_or(schema).get("type")? {
        Value::Array(kinds) => Some(kinds.iter().filter_map(Value::as_str).collect()),
        kind => Some(vec![kind.as_str()?]),
    }
}

fn decode(text: &str) -> Result<String, ApiError> {
    let refusal =
        || ApiError::of(ErrorCode::Parse).with_reason("Parse error: the query does not percent-decode to UTF-8");
    if has_bad_escape(text) {
        return Err(refusal());
    }
    let spaced: Vec<u8> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decode(&spaced).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| refusal())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::parameter;

    #[test]
    fn a_query_is_one_object_of_strings() {
        assert_eq!(parameter(None).unwrap(), None);
        assert_eq!(parameter(Some("")).unwrap(), None);
        let expected = json!({"a": "1", "b c": "é&", "d": "", "e": ""});
        assert_eq!(parameter(Some("a=1&b+c=%C3%A9%26&d=&e")).unwrap(), Some(expected));
        for query in ["a=1&a=2", "a=%ff", "a=%", "%zz=1"] {
            assert!(parameter(Some(query)).is_err(), "{query}");
        }
    }
}
