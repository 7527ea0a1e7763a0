//! What the scenarios call.

use std::time::Duration;

use rpc_core::read::{Condition, Sortable};
use rpc_core::schemars::JsonSchema;
use rpc_core::serde::{Deserialize, Serialize};
use rpc_core::{ApiError, Ctx, Read, ReadFields, Reply, Upload, api_method, api_module};
use serde_json::Value;
use tokio::sync::Semaphore;

api_module! {
    /// Scenarios
    path = "/v9/scenarios"
}

/// A closed object with bounds.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    #[schemars(length(min = 2, max = 5))]
    name: String,
    #[schemars(range(min = 1, max = 65535))]
    port: Option<u16>,
    kind: Option<Kind>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Small,
    Large,
}

#[derive(ReadFields)]
struct Rows {
    #[read("=", sortable)]
    id: Option<Condition<String>>,
    #[read(sortable)]
    name: Sortable,
}

/// Answers its argument
#[api_method(path = "/v9/scenarios/echo", permissions = ["*"])]
async fn echo(value: Value) -> Result<Value, ApiError> {
    Ok(value)
}

/// Takes a text, a number that may be left out, and a flag
#[api_method(path = "/v9/scenarios/three", permissions = ["*"])]
async fn three(
    text: String,
    count: Option<u32>,
    flag: Option<bool>,
) -> Result<(String, Option<u32>, Option<bool>), ApiError> {
    Ok((text, count, flag))
}

/// Takes an object
#[api_method(path = "/v9/scenarios/make", permissions = ["*"])]
async fn make(fields: Fields) -> Result<Fields, ApiError> {
    Ok(fields)
}

/// Takes the options of a list
#[api_method(path = "/v9/scenarios/list", permissions = ["*"])]
async fn list(read: Option<Read<Rows>>) -> Result<Reply<Vec<String>>, ApiError> {
    let read = read.unwrap_or_default();
    let id = read.filter.and_then(|rows| rows.id);
    let rows = match id {
        Some(Condition::Eq(id)) => vec![id],
        _ => Vec::new(),
    };
    Ok(Reply::new(rows).total(u64::from(read.limit)))
}

/// Answers nothing
#[api_method(path = "/v9/scenarios/nothing", permissions = ["*"])]
async fn nothing() -> Result<(), ApiError> {
    Ok(())
}

/// Says more than its data
#[api_method(path = "/v9/scenarios/says-more", permissions = ["*"])]
async fn says_more() -> Result<Reply<Vec<u8>>, ApiError> {
    Ok(Reply::new(vec![1, 2]).status(201).reason("Made").total(9).with("summary", "two"))
}

/// Who calls
#[api_method(path = "/v9/scenarios/whoami", permissions = ["*"])]
async fn whoami(ctx: &Ctx) -> Result<Option<String>, ApiError> {
    Ok(ctx.identity().user().map(|user| user.name.to_string()))
}

/// For guests
#[api_method(path = "/v9/scenarios/guests", permissions = ["guest"])]
async fn guests() -> Result<(), ApiError> {
    Ok(())
}

/// For users
#[api_method(path = "/v9/scenarios/users", permissions = ["user"])]
async fn users() -> Result<(), ApiError> {
    Ok(())
}

/// For root
#[api_method(path = "/v9/scenarios/root", permissions = ["root"])]
async fn root() -> Result<(), ApiError> {
    Ok(())
}

/// For admins
#[api_method(path = "/v9/scenarios/admins", permissions = ["admin"])]
async fn admins(text: String) -> Result<String, ApiError> {
    Ok(text)
}

/// For sessions
#[api_method(path = "/v9/scenarios/sessions", permissions = ["user"], session_only)]
async fn sessions() -> Result<(), ApiError> {
    Ok(())
}

/// Inside only
#[api_method(path = "/v9/scenarios/inside", permissions = ["*"], private)]
async fn inside() -> Result<(), ApiError> {
    Ok(())
}

/// Once a minute
#[api_method(path = "/v9/scenarios/rarely", permissions = ["*"], rate = "1/min")]
async fn rarely(text: Option<String>) -> Result<Option<String>, ApiError> {
    Ok(text)
}

/// One at a time
#[api_method(path = "/v9/scenarios/waits", permissions = ["*"], concurrency = 1)]
async fn waits(door: &Door) -> Result<(), ApiError> {
    door.0.acquire().await.map_err(ApiError::internal)?.forget();
    Ok(())
}

/// Fails in a way of its own
#[api_method(path = "/v9/scenarios/fails", permissions = ["*"])]
async fn fails(status: u16) -> Result<(), ApiError> {
    Err(ApiError::new(status, "It failed").with_source("secret cause"))
}

/// Refuses by a rule that is no schema
#[api_method(path = "/v9/scenarios/refuses", permissions = ["*"])]
async fn refuses(fields: Fields) -> Result<(), ApiError> {
    Err(ApiError::invalid(0, "/name", "unique", format!("a name of {} letters is taken", fields.name.len())))
}

/// Something behind it is down
#[api_method(path = "/v9/scenarios/is-down", permissions = ["*"])]
async fn is_down() -> Result<(), ApiError> {
    Err(ApiError::unavailable("secret cause", Duration::from_millis(2500)))
}

/// Breaks
#[api_method(path = "/v9/scenarios/breaks", permissions = ["*"])]
async fn breaks() -> Result<(), ApiError> {
    Err(ApiError::internal("secret cause"))
}

/// Panics
#[api_method(path = "/v9/scenarios/panics", permissions = ["*"])]
async fn panics() -> Result<(), ApiError> {
    panic!("secret cause")
}

/// Takes too long
#[api_method(path = "/v9/scenarios/slow", permissions = ["*"], timeout = "20ms")]
async fn slow() -> Result<(), ApiError> {
    std::future::pending().await
}

/// Needs a file
#[api_method(path = "/v9/scenarios/needs-file", permissions = ["*"])]
async fn needs_file(file: &Upload) -> Result<String, ApiError> {
    Ok(file.name().to_owned())
}

/// Where `waits` waits.
pub(super) struct Door(pub(super) Semaphore);
