//! The methods of the protocol itself, which are not methods of the API.

use serde_json::Map;

use crate::call::{Outcome, Params};
use crate::codec::Codec;
use crate::codec::level::Level;
use crate::error::{ApiError, ErrorCode};
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
    /// Ends such subscriptions.
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

    /// Whether it has a meaning without a WebSocket.
    pub(crate) fn is_stateless(self) -> bool {
        matches!(self, Self::Ping | Self::Pong | Self::Healthcheck | Self::Event)
    }
}

/// A reply that says no more than "OK".
pub(crate) fn ok(codec: Codec) -> Outcome {
    let data = codec.encode(&());
    let result = data.map(|data| Encoded { status: 200, reason: "OK".into(), data, extra: Map::new(), head: None });
    Outcome { codec, result }
}

/// The name of a client's event and its arguments, which are what follows the name.
pub(super) fn client_event(params: Params, codec: Codec) -> Result<(String, Params), ApiError> {
    let unnamed = || {
        ApiError::of(ErrorCode::InvalidRequest).with_reason("Invalid request: the first parameter is the event's name")
    };
    let document = match params {
        Params::Encoded(bytes) | Params::Member(bytes) if !codec.is_empty_document(&bytes) => bytes,
        Params::Unreadable(error) => return Err(error),
        _ => return Err(unnamed()),
    };
    let (name, arguments) = match codec.level(&document, 1)? {
        Level::Array { items, count } => {
            let name = items.first().copied().ok_or_else(unnamed)?;
            (name, Params::Encoded(codec.without_first(&document, name, count).into()))
        }
        Level::Scalar if codec == Codec::Json => (document.trim_ascii(), Params::None),
        Level::Scalar => (&*document, Params::None),
        Level::Object(_) => return Err(unnamed()),
    };
    let name = codec.text(name).ok_or_else(unnamed)?.into_owned();
    Ok((name, arguments))
}
