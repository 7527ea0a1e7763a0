//! What a client asks for by the names of events.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::connection::Connection;
use super::socket::too_many;
use crate::call::{Outcome, Params};
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::jsonrpc;
use crate::reply::Encoded;

/// Unknown names that an answer lists.
const TOLD: usize = 8;
/// Characters of an unknown name that an answer shows.
const TOLD_OF_A_NAME: usize = 64;

impl Connection {
    /// Asks for declared events as `/publish`. Others are never published: a client that knows of more events than this server
    /// gets all that there are, and is told which names are unknown.
    pub(super) fn subscribe(&self, codec: Codec, params: &Params) -> Outcome {
        match self.names(codec, params).and_then(|names| self.subscribe_to(names)) {
            Ok(unknown) if unknown.is_empty() => jsonrpc::ok(codec),
            Ok(unknown) => told(codec, unknown),
            Err(error) => Outcome { codec, result: Err(error) },
        }
    }

    /// The first of the names that are unknown.
    fn subscribe_to(&self, names: Vec<String>) -> Result<Vec<String>, ApiError> {
        let max = self.api.limits().ws_subscriptions;
        if names.len() > max {
            return Err(too_many(max));
        }
        let (mut declared, mut unknown) = (HashSet::new(), Vec::new());
        for name in names {
            if let Some(event) = self.api.event(&name) {
                declared.insert(event.name());
            } else if unknown.len() < TOLD {
                // It may be of any length.
                unknown.push(name.chars().take(TOLD_OF_A_NAME).collect());
            }
        }
        self.registration.socket.subscribe(&declared, max)?;
        Ok(unknown)
    }

    /// Ends subscriptions.
    pub(super) fn unsubscribe(&self, codec: Codec, params: &Params) -> Outcome {
        match self.names(codec, params) {
            Ok(names) => {
                self.registration.socket.unsubscribe(&names);
                jsonrpc::ok(codec)
            }
            Err(error) => Outcome { codec, result: Err(error) },
        }
    }

    /// The names of events: `[[names]]`, or one after the other.
    fn names(&self, codec: Codec, params: &Params) -> Result<Vec<String>, ApiError> {
        let Params::Member(params) = params else { return Err(no_names()) };
        let values = match codec.decode(params, self.api.limits().document())? {
            Value::Array(values) => values,
            only => vec![only],
        };
        let flat = values.into_iter().flat_map(|value| match value {
            Value::Array(values) => values,
            value => vec![value],
        });
        let name = |value| if let Value::String(name) = value { Ok(name) } else { Err(no_names()) };
        flat.map(name).collect()
    }
}

/// "OK", but for names that are unknown.
fn told(codec: Codec, unknown: Vec<String>) -> Outcome {
    let data = codec.encode(&Map::from_iter([("unknown".to_owned(), Value::from(unknown))]));
    let result = data.map(|data| Encoded { status: 200, reason: "OK".into(), data, extra: Map::new(), head: None });
    Outcome { codec, result }
}

fn no_names() -> ApiError {
    ApiError::of(ErrorCode::InvalidRequest).with_reason("Invalid request: the parameters are names of events")
}
