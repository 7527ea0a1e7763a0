//! The RPC endpoint: JSON-RPC over HTTP and WebSocket, events, two nodes.

mod changed_rights;
mod counts;
mod events;
mod full_sockets;
mod http_endpoint;
mod prefix;
mod rechecks;
mod refusals;
mod slow_websockets;
pub(crate) mod socket;
mod specification;
mod websocket;
mod websocket_faults;

use rpc_core::{
    Api, ApiBuilder, ApiError, Audience, Ctx, Limits, Permission, Reply, Upload, api_event, api_method, api_module,
};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::support::NamedTokens;
use crate::support::server::Running;

api_module! {
    /// RPC endpoint
    path = "/v9/rpc"
}

/// Subtracts
#[api_method(path = "/v9/rpc/subtract", permissions = ["*"])]
async fn subtract(minuend: i64, subtrahend: i64) -> Result<i64, ApiError> {
    Ok(minuend - subtrahend)
}

/// Answers its argument
#[api_method(path = "/v9/rpc/echo", permissions = ["*"])]
async fn echo(value: Value) -> Result<Value, ApiError> {
    Ok(value)
}

/// A list
#[api_method(path = "/v9/rpc/list", permissions = ["*"])]
async fn list() -> Result<Reply<Vec<u8>>, ApiError> {
    Ok(Reply::new(vec![1, 2]).total(9))
}

/// Who calls
#[api_method(path = "/v9/rpc/whoami", permissions = ["*"])]
async fn whoami(ctx: &Ctx) -> Result<Option<String>, ApiError> {
    Ok(ctx.identity().user().map(|user| user.name.to_string()))
}

/// For admins
#[api_method(path = "/v9/rpc/admin", permissions = ["admin"])]
async fn admin() -> Result<(), ApiError> {
    Ok(())
}

/// Inside only
#[api_method(path = "/v9/rpc/inside", permissions = ["*"], private)]
async fn inside() -> Result<(), ApiError> {
    Ok(())
}

/// Ten times a minute
#[api_method(path = "/v9/rpc/rarely", permissions = ["*"], rate = "10/min")]
async fn rarely() -> Result<(), ApiError> {
    Ok(())
}

/// Panics
#[api_method(path = "/v9/rpc/panics", permissions = ["*"])]
async fn panics() -> Result<(), ApiError> {
    panic!("secret cause")
}

/// Needs a file
#[api_method(path = "/v9/rpc/needs-file", permissions = ["*"])]
async fn needs_file(file: &Upload) -> Result<String, ApiError> {
    Ok(file.name().to_owned())
}

/// Waits for the door
#[api_method(path = "/v9/rpc/waits", permissions = ["*"])]
async fn waits(doors: &Doors) -> Result<&'static str, ApiError> {
    doors.open.acquire().await.map_err(ApiError::internal)?.forget();
    Ok("waited")
}

/// Waits for the door, and says something
#[api_method(path = "/v9/rpc/waits-and-says", permissions = ["*"])]
async fn waits_and_says(doors: &Doors, text: String) -> Result<String, ApiError> {
    doors.open.acquire().await.map_err(ApiError::internal)?.forget();
    Ok(text)
}

/// Opens the door for some
#[api_method(path = "/v9/rpc/opens", permissions = ["*"])]
async fn opens(doors: &Doors, count: u16) -> Result<(), ApiError> {
    doors.open.add_permits(count.into());
    Ok(())
}

/// Publishes news
#[api_method(path = "/v9/rpc/publishes", permissions = ["*"])]
async fn publishes(ctx: &Ctx, audience: Value, text: String) -> Result<(), ApiError> {
    let audience: Audience = serde_json::from_value(audience).map_err(ApiError::internal)?;
    ctx.publish_by_name(audience, "/v9/rpc/news", text).await?;
    Ok(())
}

/// Takes what clients type
#[api_method(path = "/v9/rpc/typed", permissions = ["user"], client_event = "/v9/rpc/typing")]
async fn typed(text: String) -> Result<(), ApiError> {
    assert!(!text.is_empty());
    Ok(())
}

api_event! {
    /// There is news
    name = "/v9/rpc/news",
    audience = ["*"],
    payload = String
}

api_event! {
    /// For some
    name = "/v9/rpc/some",
    audience = ["self", "user", "guest", "root", "admin"],
    payload = u32
}

api_event! {
    /// Without a payload
    name = "/v9/rpc/bare",
    audience = ["*"]
}

/// Where `waits` waits.
struct Doors {
    open: Semaphore,
}

fn builder() -> ApiBuilder {
    Api::builder()
        .only("/v9/rpc/**")
        .permission(Permission::new("admin", "Administrator", "May do everything."))
        .state(Doors { open: Semaphore::new(0) })
        .authenticator(NamedTokens)
}

async fn start() -> Running {
    Running::serve(builder(), |service| service).await
}

async fn with_limits(change: impl FnOnce(&mut Limits)) -> Running {
    let mut limits = Limits::default();
    change(&mut limits);
    Running::serve(builder().limits(limits), |service| service).await
}
