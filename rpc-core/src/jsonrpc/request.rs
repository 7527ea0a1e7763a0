//! A decoded document becomes a request, or a batch of them.

use serde_json::{Map, Value};

use crate::call::Params;
use crate::error::{ApiError, ErrorCode};

/// A document as JSON-RPC reads it.
#[derive(Debug)]
pub(crate) enum Document {
    /// One request.
    Single(Result<Request, Invalid>),
    /// Several; at least one.
    Batch(Vec<Result<Request, Invalid>>),
    /// The answer of a peer to something: nothing to do.
    Answer,
}

/// A call, or a notification when it has no id.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) id: Option<Value>,
    pub(crate) method: String,
    pub(crate) params: Params,
}

/// What is no request, with the id to answer under.
#[derive(Debug)]
pub(crate) struct Invalid {
    pub(crate) id: Value,
    pub(crate) error: ApiError,
}

impl Invalid {
    pub(crate) fn new(id: Value, reason: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self { id, error: ApiError::of(ErrorCode::InvalidRequest).with_reason(reason) }
    }
}

impl Document {
    /// Reads a document. A batch of more than `most` entries is one invalid request.
    pub(crate) fn read(value: Value, most: usize) -> Self {
        match value {
            Value::Array(entries) if entries.is_empty() => {
                Self::Single(Err(Invalid::new(Value::Null, "Invalid request: the batch is empty")))
            }
            Value::Array(entries) if entries.len() > most => {
                let reason =
                    format!("Invalid request: the batch has {} entries, the limit is {most} (`batch`)", entries.len());
                Self::Single(Err(Invalid::new(Value::Null, reason)))
            }
            Value::Array(entries) => Self::Batch(entries.into_iter().map(Request::read).collect()),
            Value::Object(members) if is_answer(&members) => Self::Answer,
            other => Self::Single(Request::read(other)),
        }
    }
}

fn is_answer(members: &Map<String, Value>) -> bool {
    !members.contains_key("method") && (members.contains_key("result") || members.contains_key("error"))
}

impl Request {
    /// Whether a document that could be a parameter is meant as a request.
    pub(crate) fn is_meant(value: &Value) -> bool {
        value.get("jsonrpc").is_some() && value.get("method").is_some()
    }

    /// Reads one request object (JSON-RPC 2.0, section 4).
    pub(crate) fn read(value: Value) -> Result<Self, Invalid> {
        let Value::Object(mut members) = value else {
            return Err(Invalid::new(Value::Null, "Invalid request: an object is expected"));
        };
        let id = match members.remove("id") {
            None => None,
            Some(id @ (Value::Null | Value::String(_) | Value::Number(_))) => Some(id),
            Some(_) => return Err(Invalid::new(Value::Null, "Invalid request: `id` is a string, a number or null")),
        };
        let refuse = |reason: &'static str| Invalid::new(id.clone().unwrap_or_default(), reason);
        if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return Err(refuse("Invalid request: `jsonrpc` is \"2.0\""));
        }
        let Some(Value::String(method)) = members.remove("method") else {
            return Err(refuse("Invalid request: `method` is a string"));
        };
        let params = match members.remove("params") {
            None | Some(Value::Null) => Params::None,
            Some(Value::Array(values)) => Params::Positional(values),
            Some(Value::Object(values)) => Params::Named(values),
            Some(only) => Params::Positional(vec![only]),
        };
        Ok(Self { id, method, params })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{Document, Request};
    use crate::call::Params;

    #[test]
    fn ids_of_every_allowed_kind_are_kept() {
        for id in [json!(0), json!(""), json!("a"), json!(-1), json!(1.5), json!(null)] {
            let request = Request::read(json!({"jsonrpc": "2.0", "id": id, "method": "m"})).unwrap();
            assert_eq!(request.id, Some(id));
        }
        assert_eq!(Request::read(json!({"jsonrpc": "2.0", "method": "m"})).unwrap().id, None);
    }

    #[test]
    fn params_are_read_in_every_form() {
        let params =
            |params: Value| Request::read(json!({"jsonrpc": "2.0", "method": "m", "params": params})).unwrap().params;
        assert!(matches!(params(json!(null)), Params::None));
        assert!(matches!(params(json!([1])), Params::Positional(values) if values == [1]));
        assert!(matches!(params(json!({"a": 1})), Params::Named(values) if values.len() == 1));
        assert!(matches!(params(json!("x")), Params::Positional(values) if values == ["x"]));
    }

    #[test]
    fn what_is_no_request_is_told_under_its_id() {
        for (value, id) in [
            (json!(null), json!(null)),
            (json!(1), json!(null)),
            (json!({}), json!(null)),
            (json!({"jsonrpc": "1.0", "method": "m", "id": 4}), json!(4)),
            (json!({"jsonrpc": "2.0", "method": 1, "id": "x"}), json!("x")),
            (json!({"jsonrpc": "2.0", "method": "m", "id": [1]}), json!(null)),
            (json!({"jsonrpc": "2.0", "method": "m", "id": true}), json!(null)),
        ] {
            assert_eq!(Request::read(value.clone()).unwrap_err().id, id, "{value}");
        }
    }

    fn anything() -> impl Strategy<Value = Value> {
        let word = prop::sample::select(vec!["jsonrpc", "2.0", "method", "id", "params", "result", "x"]);
        let leaf =
            prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::from), word.clone().prop_map(Value::from)];
        leaf.prop_recursive(3, 24, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::vec((word.clone(), inner), 0..6)
                    .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_document_panics(value in anything()) {
            match Document::read(value.clone(), 3) {
                Document::Batch(entries) => prop_assert!((1..=3).contains(&entries.len())),
                Document::Single(Ok(request)) => prop_assert_eq!(value["method"].as_str(), Some(request.method.as_str())),
                Document::Single(Err(_)) | Document::Answer => {}
            }
        }
    }
}
