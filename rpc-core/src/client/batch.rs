//! Several calls in one request.

use serde::Serialize;
use serde_json::Value;

use super::answer::{self, Answer};
use super::error::ClientError;
use super::request::Request;
use crate::codec::Codec;

/// Calls that travel in one HTTP request. Each is a call of its own to the server: for limits, permissions and the log.
///
/// The server takes 50 at most, if its options do not say otherwise.
#[derive(Debug, Clone, Default)]
pub struct Batch<'p> {
    requests: Vec<Request<'p>>,
}

impl<'p> Batch<'p> {
    /// An empty batch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a call.
    ///
    /// # Errors
    ///
    /// [`ClientError::Encode`]: the arguments do not serialise.
    pub fn call(&mut self, path: &'p str, args: impl Serialize) -> Result<&mut Self, ClientError> {
        let id = u64::try_from(self.requests.len()).ok();
        self.requests.push(Request::new(id, path, args)?);
        Ok(self)
    }

    /// The number of calls so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// Whether there are no calls.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    pub(super) fn encode(&self, codec: Codec) -> Result<Vec<u8>, ClientError> {
        codec.encode(&self.requests).map_err(|error| ClientError::Encode(error.into()))
    }

    /// The answers in the order of the calls, in whatever order they came.
    pub(super) fn read(&self, document: Value) -> Result<Vec<Result<Answer<Value>, ClientError>>, ClientError> {
        let responses = match document {
            Value::Array(responses) => responses,
            only => {
                let (_, result) = answer::read(only).ok_or_else(answer::no_answer)?;
                return Err(result.err().unwrap_or_else(answer::no_answer));
            }
        };
        let mut ordered: Vec<_> = self.requests.iter().map(|_| Err(answer::no_answer())).collect();
        for (id, result) in responses.into_iter().filter_map(answer::read) {
            let index = id.as_u64().and_then(|id| ordered.get_mut(usize::try_from(id).ok()?));
            *index.ok_or_else(answer::no_answer)? = result;
        }
        Ok(ordered)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Batch;

    #[test]
    fn answers_find_their_calls() {
        let mut batch = Batch::new();
        batch.call("a", (1,)).unwrap().call("b", ()).unwrap().call("c", ()).unwrap();
        let answer = |id: u64| json!({"id": id, "result": {"status": 200, "reason": "OK", "data": id, "meta": {}}});
        let answers = batch.read(json!([answer(2), answer(0)])).unwrap();
        let data: Vec<Option<Value>> =
            answers.into_iter().map(|answer| answer.ok().map(|answer| answer.data)).collect();
        assert_eq!(data, [Some(json!(0)), None, Some(json!(2))]);
        assert!(batch.read(json!([answer(3)])).is_err());
        assert!(batch.read(json!({"x": 1})).is_err());
        let refused = batch.read(json!({"id": null, "error": {"code": -32600, "message": "too many", "data": {}}}));
        assert_eq!(refused.unwrap_err().failure().unwrap().code, -32600);
    }
}
