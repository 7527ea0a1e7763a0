//! Arguments become a JSON-RPC request object.

use serde::Serialize;
use serde_json::Value;

use super::error::ClientError;
use crate::codec::Codec;

/// A request object; without an id nobody answers.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Request<'p> {
    jsonrpc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    method: &'p str,
    #[serde(skip_serializing_if = "Value::is_null")]
    params: Value,
}

impl<'p> Request<'p> {
    pub(super) fn new(id: Option<u64>, method: &'p str, args: impl Serialize) -> Result<Self, ClientError> {
        let params = match serde_json::to_value(args).map_err(|error| ClientError::Encode(error.into()))? {
            params @ (Value::Null | Value::Array(_) | Value::Object(_)) => params,
            only => Value::Array(vec![only]),
        };
        Ok(Self { jsonrpc: "2.0", id, method, params })
    }

    pub(super) fn encode(&self, codec: Codec) -> Result<Vec<u8>, ClientError> {
        codec.encode(self).map_err(|error| ClientError::Encode(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Request;

    #[test]
    fn arguments_are_by_position_by_name_none_or_the_only_one() {
        let params = |args: Value| serde_json::to_value(Request::new(None, "m", args).unwrap()).unwrap();
        assert_eq!(params(json!([1, "x"])), json!({"jsonrpc": "2.0", "method": "m", "params": [1, "x"]}));
        assert_eq!(params(json!({"a": 1}))["params"], json!({"a": 1}));
        assert_eq!(params(json!("x"))["params"], json!(["x"]));
        assert_eq!(params(json!(null)), json!({"jsonrpc": "2.0", "method": "m"}));
        let request = Request::new(Some(3), "m", ((),)).unwrap();
        assert_eq!(
            serde_json::to_value(request).unwrap(),
            json!({"jsonrpc":"2.0","id":3,"method":"m","params":[null]})
        );
    }
}
