//! An answer, and how it is read from a JSON-RPC response object.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::{ClientError, Failure};

/// The answer of a call that went well.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Answer<T> {
    /// The data.
    pub data: T,
    /// The status, 200–399.
    pub status: u16,
    /// The reason: "OK", if the method does not say otherwise.
    pub reason: String,
    /// What the method adds: `total`, `summary`.
    pub extra: Map<String, Value>,
}

impl Answer<Value> {
    /// Converts the data to a type.
    ///
    /// # Errors
    ///
    /// [`ClientError::Decode`]: the data is of another.
    pub fn typed<T: DeserializeOwned>(self) -> Result<Answer<T>, ClientError> {
        let Self { data, status, reason, extra } = self;
        let data = serde_json::from_value(data).map_err(|error| ClientError::Decode(error.into()))?;
        Ok(Answer { data, status, reason, extra })
    }

    /// The answer of the protocol's own methods: success, without data.
    pub(super) fn ok() -> Self {
        Self { data: Value::Null, status: 200, reason: "OK".to_owned(), extra: Map::new() }
    }

    fn read(mut result: Map<String, Value>) -> Option<Self> {
        let status = result.get("status")?.as_u64()?.try_into().ok()?;
        let Some(Value::String(reason)) = result.remove("reason") else { return None };
        let extra = match result.remove("meta") {
            Some(Value::Object(meta)) => meta,
            _ => Map::new(),
        };
        Some(Self { data: result.remove("data").unwrap_or_default(), status, reason, extra })
    }
}

/// Takes a response object apart: its id, and what became of the call. `None` for anything else.
pub(super) fn read(document: Value) -> Option<(Value, Result<Answer<Value>, ClientError>)> {
    let Value::Object(mut members) = document else { return None };
    let id = members.remove("id").unwrap_or_default();
    let result = match (members.remove("result"), members.remove("error")) {
        (Some(Value::Object(result)), None) => succeeded(Answer::read(result)?),
        (None, Some(Value::Object(error))) => Err(ClientError::Api(Box::new(Failure::read(error)?))),
        _ => return None,
    };
    Some((id, result))
}

/// A status of an error makes it one, whatever member it came in.
fn succeeded(answer: Answer<Value>) -> Result<Answer<Value>, ClientError> {
    if answer.status < 400 {
        return Ok(answer);
    }
    let Answer { data, status, reason, .. } = answer;
    Err(ClientError::Api(Box::new(Failure::of_reply(status, reason, data))))
}

/// The error for a message that is not an answer.
pub(super) fn no_answer() -> ClientError {
    ClientError::Decode("it is no JSON-RPC answer of this API".into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::{ClientError, read};
    use crate::call::Outcome;
    use crate::codec::Codec;
    use crate::error::ApiError;
    use crate::jsonrpc::encode_answer;
    use crate::limits::DocumentLimits;

    #[test]
    fn what_the_server_encodes_is_read() {
        for codec in [Codec::Json, Codec::MsgPack] {
            let error = ApiError::invalid(0, "/port", "maximum", "too large").with_retry_after(Duration::from_secs(3));
            let bytes = encode_answer(
                codec,
                Some(&[7 + if codec == Codec::Json { b'0' } else { 0 }]),
                &Outcome { codec, result: Err(error) },
            );
            let (id, result) = read(codec.decode(&bytes, DocumentLimits::NONE).unwrap()).unwrap();
            let error = result.unwrap_err();
            assert_eq!((id, error.to_string().as_str()), (json!(7), "400 Parameters are invalid; /0/port too large"));
            let failure = error.failure().unwrap();
            assert_eq!((failure.code, failure.retry_after), (-32602, Some(Duration::from_secs(3))));
            assert_eq!(failure.errors[0].keyword, "maximum");
        }
    }

    #[test]
    fn a_success_with_the_status_of_an_error_is_one() {
        let (_, result) =
            read(json!({"id": 1, "result": {"status": 409, "reason": "No", "data": 7, "meta": {}}})).unwrap();
        let error = result.unwrap_err();
        assert_eq!((error.failure().unwrap().code, error.details::<u8>()), (409, Some(7)));
        assert_eq!(error.to_string(), "409 No");
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for document in [
            json!(null),
            json!([]),
            json!({"jsonrpc": "2.0", "id": 1}),
            json!({"id": 1, "result": 7}),
            json!({"id": 1, "result": {"status": 200}}),
            json!({"id": 1, "result": {"status": 70000, "reason": "OK"}}),
            json!({"id": 1, "error": {"message": "no code"}}),
            json!({"id": 1, "result": {"status": 200, "reason": "OK"}, "error": {"code": 1}}),
        ] {
            assert!(read(document.clone()).is_none(), "{document}");
        }
    }

    #[test]
    fn data_of_another_type_does_not_decode() {
        let answer = json!({"id": 1, "result": {"status": 200, "reason": "OK", "data": "x", "meta": {"total": 1}}});
        let (_, answer) = read(answer).unwrap();
        let answer = answer.unwrap();
        assert_eq!(answer.extra, json!({"total": 1}).as_object().cloned().unwrap());
        assert!(matches!(answer.clone().typed::<u8>(), Err(ClientError::Decode(_))));
        assert_eq!(answer.typed::<Value>().unwrap().data, "x");
    }
}
