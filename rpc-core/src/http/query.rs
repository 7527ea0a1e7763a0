//! The query of a GET request: one object of strings.

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use super::path::has_bad_escape;
use crate::error::{ApiError, ErrorCode};

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
