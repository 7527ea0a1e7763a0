//! How a call fails: the server says no, or nothing reaches it, or nothing comes back.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use rpc_grammar::own_error::MEMBERS;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::Violation;

/// Why there is no answer of the expected kind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server answered with an error.
    #[error("{0}")]
    Api(Box<Failure>),
    /// There was no answer in time. Over WebSocket the server was asked to abort the call.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The connection ended before the answer came. Whether the call ran is not known; it is not repeated.
    #[error("the connection was lost before the answer came")]
    ConnectionLost,
    /// The server does not take the credentials, or no longer: it closed with 4401 or 4000.
    #[error("signed out: the server does not take the credentials")]
    SignedOut,
    /// The client was closed.
    #[error("the client is closed")]
    Closed,
    /// No connection could be made.
    #[error("no connection to the server")]
    Connect(#[source] Box<dyn Error + Send + Sync>),
    /// The answer is not one of this protocol, and has this HTTP status: a proxy's, or that of a refused handshake.
    #[error("HTTP status {0}, and no answer of the protocol")]
    Status(u16),
    /// The answer is larger than the client takes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The arguments do not serialise.
    #[error("the arguments do not serialise")]
    Encode(#[source] Box<dyn Error + Send + Sync>),
    /// The answer does not decode, or its data is not of the expected type.
    #[error("the answer does not decode")]
    Decode(#[source] Box<dyn Error + Send + Sync>),
    /// The address is not that of a server.
    #[error("`{address}` is no address: {expected}")]
    Address {
        /// What was given.
        address: String,
        /// What is expected.
        expected: &'static str,
    },
    /// The token cannot travel in a header.
    #[error("the token has characters that cannot travel in a header")]
    Token,
}

impl ClientError {
    /// What the server answered, when it answered with an error.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Api(failure) => Some(failure),
            _ => None,
        }
    }

    /// The details that the method gave with its error, as a type; `None` when the server did not answer with an error, or the
    /// details are of another type. [`Failure::details`] says why.
    #[must_use]
    pub fn details<T: DeserializeOwned>(&self) -> Option<T> {
        self.failure()?.details().ok()
    }
}

/// An error that the server answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The HTTP status, also over WebSocket.
    pub status: u16,
    /// The code: one of [`ErrorCode::TABLE`](crate::ErrorCode::TABLE), or the status or an own number for a method's own error.
    pub code: i32,
    /// The reason, for people.
    pub reason: String,
    /// What is wrong with the parameters.
    pub errors: Vec<Violation>,
    /// Violations beyond those listed.
    pub more_errors: u64,
    /// The id under which the server's log tells more.
    pub request_id: Option<String>,
    /// When to try again, to the second.
    pub retry_after: Option<Duration>,
    /// The name of a method's own error, for programs: `name_taken`.
    pub kind: Option<String>,
    /// What the method gave with its error: an object with the `kind` and the details, or the data of a reply; `null` without.
    pub data: Value,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.reason)?;
        for violation in &self.errors {
            write!(f, "; {} {}", violation.pointer, violation.message)?;
        }
        Ok(())
    }
}

impl Failure {
    /// The details that the method gave, as a type: a struct of the fields of one variant, or an enum of all of them.
    ///
    /// ```
    /// # use rpc_core::client::{ClientError, HttpClient};
    /// # use serde::Deserialize;
    /// /// The server's `enum OrderError`, as far as this program cares.
    /// #[derive(Debug, Deserialize)]
    /// #[serde(tag = "kind", rename_all = "snake_case")]
    /// enum OrderError {
    ///     Conflict { current: u32 },
    ///     NotFound,
    /// }
    ///
    /// # async fn run(client: HttpClient) -> Result<(), ClientError> {
    /// if let Err(error) = client.call::<()>("/v1/orders/change", (1, 6)).await {
    ///     match error.details() {
    ///         Some(OrderError::Conflict { current }) => println!("it is at version {current} by now"),
    ///         Some(OrderError::NotFound) => println!("there is no such order"),
    ///         None => return Err(error),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::Decode`]: they are of another type, or there are none.
    pub fn details<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        T::deserialize(&self.data).map_err(|error| ClientError::Decode(error.into()))
    }

    /// Reads the `error` of an answer; `None` without a code.
    pub(super) fn read(mut error: Map<String, Value>) -> Option<Self> {
        let code = error.get("code")?.as_i64().and_then(|code| i32::try_from(code).ok())?;
        let reason = text(error.remove("message")).unwrap_or_default();
        let mut data = match error.remove("data") {
            Some(Value::Object(data)) => data,
            _ => Map::new(),
        };
        let errors = match data.remove("errors") {
            Some(Value::Array(errors)) => errors.into_iter().filter_map(violation).collect(),
            _ => Vec::new(),
        };
        let kind = data.get("kind").and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            status: data.get("status").and_then(Value::as_u64).and_then(|status| status.try_into().ok()).unwrap_or(500),
            code,
            reason,
            errors,
            more_errors: data.get("more_errors").and_then(Value::as_u64).unwrap_or(0),
            request_id: text(data.remove("request_id")),
            retry_after: data.get("retry_after").and_then(Value::as_u64).map(Duration::from_secs),
            data: given(data, kind.as_deref()),
            kind,
        })
    }

    /// Reads a success whose status is that of an error, as older servers answer.
    pub(super) fn of_reply(status: u16, reason: String, data: Value) -> Self {
        Self {
            status,
            code: status.into(),
            reason,
            errors: Vec::new(),
            more_errors: 0,
            request_id: None,
            retry_after: None,
            kind: None,
            data,
        }
    }
}

/// What a method gave with its error: the data of a reply, or else a kind with details.
fn given(mut data: Map<String, Value>, kind: Option<&str>) -> Value {
    if kind.is_none() {
        return data.remove("data").unwrap_or_default();
    }
    data.retain(|name, _| name == "kind" || !MEMBERS.contains(&name.as_str()));
    data.into()
}

fn violation(value: Value) -> Option<Violation> {
    let Value::Object(mut members) = value else { return None };
    let mut take = |name: &str| text(members.remove(name));
    Some(Violation { pointer: take("pointer")?, keyword: take("keyword")?.into(), message: take("message")? })
}

fn text(value: Option<Value>) -> Option<String> {
    match value {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}
