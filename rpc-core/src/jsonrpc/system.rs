//! The methods of the protocol itself, which are no methods of the API.

use serde_json::{Map, Value};

use crate::call::{Outcome, Params};
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::limits::DocumentLimits;
use crate::reply::Encoded;

/// A method of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    /// Is anybody there?
    Ping,
    /// The answer to a ping of ours.
    Pong,
    /// Is the process well?
    Healthcheck,
    /// A client's event.
    Event,
    /// Ends a running call of the connection.
    Abort,
    /// Asks for events as `/publish`.
    Subscribe,
    /// No longer.
    Unsubscribe,
}

impl System {
    pub(crate) fn named(method: &str) -> Option<Self> {
        Some(match method {
            "/ping" => Self::Ping,
            "/pong" => Self::Pong,
            "/healthcheck" => Self::Healthcheck,
            "/event" | "/publish" => Self::Event,
            "/abort" => Self::Abort,
            "/subscribe" => Self::Subscribe,
            "/unsubscribe" => Self::Unsubscribe,
            _ => return None,
        })
    }

    /// Whether it means something outside a WebSocket.
    pub(crate) fn is_stateless(self) -> bool {
        matches!(self, Self::Ping | Self::Pong | Self::Healthcheck | Self::Event)
    }
}

/// A reply that says no more than "OK".
pub(crate) fn ok(codec: Codec) -> Outcome {
    let data = codec.encode(&());
    let result = data.map(|data| Encoded { status: 200, reason: "OK".into(), data, extra: Map::new() });
    Outcome { codec, result }
}

/// The name and the arguments of a client's event.
pub(super) fn client_event(
    mut params: Params,
    codec: Codec,
    limits: DocumentLimits,
) -> Result<(String, Vec<Value>), ApiError> {
    let mut values = params.take(codec, limits, None)?.into_iter().map(Value::from);
    match values.next() {
        Some(Value::String(name)) => Ok((name, values.collect())),
        _ => Err(ApiError::of(ErrorCode::InvalidRequest)
            .with_reason("Invalid request: the first parameter is the event's name")),
    }
}
