//! The client against a server: what it understands, what it sends, and how it takes the loss of a connection.

mod http;
mod proxy;
mod websocket;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use rpc_core::{
    Api, ApiBuilder, ApiError, ApiEvent, AuthError, AuthRequest, Authenticator, Ctx, Identity, Reply, Token, User,
    api_method, api_module,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use test_waits::until;
use tokio::sync::Semaphore;

use crate::support::server::Running;

api_module! {
    /// Client
    path = "/v9/client"
}

/// Something with bounds.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Place {
    #[schemars(length(min = 2))]
    name: String,
    #[schemars(range(min = 1, max = 10))]
    size: u16,
}

/// Answers its argument
#[api_method(path = "/v9/client/echo", permissions = ["*"])]
async fn echo(value: Value) -> Result<Value, ApiError> {
    Ok(value)
}

/// Makes a place
#[api_method(path = "/v9/client/make", permissions = ["*"])]
async fn make(place: Place, note: Option<String>) -> Result<Reply<Place>, ApiError> {
    let summary = note.unwrap_or_default();
    Ok(Reply::new(place).status(201).reason("Made").total(1).with("summary", summary))
}

/// Who calls
#[api_method(path = "/v9/client/whoami", permissions = ["*"])]
async fn whoami(ctx: &Ctx) -> Result<Option<String>, ApiError> {
    Ok(ctx.identity().user().map(|user| user.name.to_string()))
}

/// A conflict
#[api_method(path = "/v9/client/conflict", permissions = ["*"])]
async fn conflict() -> Result<(), ApiError> {
    Err(ApiError::new(409, "It is there already").with_retry_after(Duration::from_millis(1500)))
}

/// Waits for the door
#[api_method(path = "/v9/client/waits", permissions = ["*"])]
async fn waits(doors: &Doors) -> Result<(), ApiError> {
    doors.inside.add_permits(1);
    doors.open.acquire().await.map_err(ApiError::internal)?.forget();
    Ok(())
}

/// Publishes news
#[api_method(path = "/v9/client/publishes", permissions = ["*"])]
async fn publishes(ctx: &Ctx, text: String) -> Result<(), ApiError> {
    Ok(ctx.publish(&News(text)).await?)
}

/// There is news
#[derive(serde::Serialize, schemars::JsonSchema, ApiEvent)]
#[event(name = "/v9/client/news", audience = ["*"])]
struct News(String);

/// Where `waits` waits.
struct Doors {
    inside: Semaphore,
    open: Semaphore,
}

/// `t_user` is good, and so is every token that begins with `t_leaver` until it is withdrawn.
struct Tokens;

static WITHDRAWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

#[async_trait]
impl Authenticator for Tokens {
    async fn authenticate(&self, token: &Token, _: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        match token.expose() {
            "t_user" => Ok(User::new("2", "ann").into()),
            leaver if leaver.starts_with("t_leaver") && !WITHDRAWN.lock().unwrap().contains(leaver) => {
                Ok(User::new(leaver, "eve").into())
            }
            _ => Err(AuthError::BadToken),
        }
    }
}

fn builder() -> ApiBuilder {
    Api::builder()
        .only("/v9/client/**")
        .state(Doors { inside: Semaphore::new(0), open: Semaphore::new(0) })
        .authenticator(Tokens)
}

async fn start() -> Running {
    Running::serve(builder(), |service| service).await
}

/// Waits until so many calls of `waits` run.
async fn waiting(server: &Running, calls: u32) {
    let method = server.api.method("/v9/client/waits").unwrap();
    until(format_args!("{calls} calls to run"), || method.active_calls() == calls).await;
}
