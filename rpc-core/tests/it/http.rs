//! The plain HTTP face, over real sockets: bytes in, bytes out.

mod answer_headers;
mod bad_input;
mod base_path;
mod budget;
mod early_answers;
mod encodings;
mod fallback;
mod layers;
mod limits;
mod origins;
mod proxies;
mod shutdown;
mod slow_http2;
mod uploads;
mod versions;
mod wire;

use rpc_core::http::HttpService;
use rpc_core::{Api, ApiBuilder, ApiError, Ctx, Limits, Permission, Read, Reply, Upload, api_method, api_module};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::NamedTokens;
use crate::support::server::Running;

api_module! {
    /// Plain HTTP
    path = "/v9/http"
}

/// Values of several types
#[api_method(path = "/v9/http/typed", permissions = ["*"], read_only)]
async fn typed(
    text: String,
    #[param(maximum = 9, default = 1)] number: u32,
    flag: Option<bool>,
    list: Option<Vec<u8>>,
) -> Result<Value, ApiError> {
    Ok(json!([text, number, flag, list]))
}

/// Answers its argument
#[api_method(path = "/v9/http/echo", permissions = ["*"])]
async fn echo(value: Value) -> Result<Value, ApiError> {
    Ok(value)
}

/// Answers two texts
#[api_method(path = "/v9/http/texts", permissions = ["*"], max_body = "100 B")]
async fn texts(first: String, second: Option<String>) -> Result<(String, Option<String>), ApiError> {
    Ok((first, second))
}

/// For admins
#[api_method(path = "/v9/http/admin", permissions = ["admin"])]
async fn admin(ctx: &Ctx) -> Result<Option<String>, ApiError> {
    Ok(ctx.identity().user().map(|user| user.name.to_string()))
}

/// The caller's address
#[api_method(path = "/v9/http/address", permissions = ["*"])]
async fn address(ctx: &Ctx) -> Result<Option<String>, ApiError> {
    Ok(ctx.client().map(|client| client.to_string()))
}

/// A list
#[api_method(path = "/v9/http/list", permissions = ["*"])]
async fn list(read: Option<Read<Rows>>) -> Result<Reply<Vec<u32>>, ApiError> {
    let limit = read.unwrap_or_default().limit;
    Ok(Reply::new((0..limit).collect()).total(1000))
}

#[derive(rpc_core::ReadFields)]
struct Rows {
    #[read(sortable)]
    name: rpc_core::read::Sortable,
}

/// What is known of a file, and the parameter that came with it
#[api_method(path = "/v9/http/upload", permissions = ["*"], upload = "1000000 B")]
async fn upload(file: &Upload, param: Option<String>) -> Result<Value, ApiError> {
    let mut content = Vec::new();
    let mut reader = file.reader();
    while let Some(chunk) = reader.chunk().await.map_err(ApiError::internal)? {
        content.extend_from_slice(&chunk);
    }
    let content = String::from_utf8(content).map_err(ApiError::internal)?;
    Ok(serde_json::json!([[file.name(), file.content_type(), file.size(), content], param]))
}

/// An upload for admins
#[api_method(path = "/v9/http/admin-upload", permissions = ["admin"])]
async fn admin_upload(_file: &Upload) -> Result<(), ApiError> {
    Ok(())
}

/// Once a minute
#[api_method(path = "/v9/http/rarely", permissions = ["*"], rate = "1/min")]
async fn rarely() -> Result<(), ApiError> {
    Ok(())
}

/// Panics
#[api_method(path = "/v9/http/panics", permissions = ["*"])]
async fn panics() -> Result<(), ApiError> {
    panic!("secret cause")
}

/// Waits for the door
#[api_method(path = "/v9/http/waits", permissions = ["*"])]
async fn waits(doors: &Doors) -> Result<&'static str, ApiError> {
    doors.inside.add_permits(1);
    doors.open.acquire().await.map_err(ApiError::internal)?.forget();
    Ok("waited")
}

/// Where `waits` waits.
struct Doors {
    inside: Semaphore,
    open: Semaphore,
}

fn builder() -> ApiBuilder {
    Api::builder()
        .only("/v9/http/**")
        .permission(Permission::new("admin", "Administrator", "May do everything."))
        .state(Doors { inside: Semaphore::new(0), open: Semaphore::new(0) })
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

async fn with_service(change: impl FnOnce(HttpService) -> HttpService) -> Running {
    Running::serve(builder(), change).await
}
