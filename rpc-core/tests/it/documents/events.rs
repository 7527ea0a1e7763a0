//! Events of all kinds, below `/declared-events`, and methods that they reach, below `/v9/declared-events`.

use std::collections::BTreeMap;

use rpc_core::{Api, ApiError, api_event, api_method, api_module};
use schemars::JsonSchema;
use serde::Serialize;

type Result = std::result::Result<(), ApiError>;

#[derive(Serialize, JsonSchema)]
struct Changed {
    /// Which one.
    name: String,
    level: Level,
    before: Option<Box<Changed>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum Level {
    High,
    Low,
}

api_event! {
    /// Thing changed
    ///
    /// - and
    /// - a list
    name = "/declared-events/things/changed",
    audience = ["self", "root", "admin"],
    payload = Changed
}

api_event! {
    /// Things of a kind changed
    name = "/declared-events/things-changed",
    audience = ["user"],
    payload = BTreeMap<String, Vec<Level>>,
}

api_event! {
    /// All is over
    name = "/declared-events/over", audience = ["*"]
}

api_module! {
    /// Chat
    path = "/v9/declared-events/chat"
}

/// Say that somebody types
#[api_method(
    path = "/v9/declared-events/chat/type",
    permissions = ["user"],
    client_event = "/declared-events/typing",
    deprecated
)]
async fn say_typing(room: String, text: Option<String>) -> Result {
    let _ = (room, text);
    Ok(())
}

/// Look
#[api_method(path = "/v9/declared-events/chat/look", permissions = ["*"], client_event = "/declared-events/look")]
async fn look() -> Result {
    Ok(())
}

/// Be silent
#[api_method(path = "/v9/declared-events/chat/silence", permissions = ["*"])]
async fn silence() -> Result {
    Ok(())
}

/// What is selected of the events, of the methods that they reach, or of both.
pub(super) fn api(patterns: &[&str]) -> Api {
    let builder = patterns.iter().fold(super::fixture::bare(), |builder, pattern| builder.only(pattern));
    builder.build().expect("a set of methods without faults")
}
