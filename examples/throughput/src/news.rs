//! An event for everybody, for the load on many WebSockets.

use rpc_core::{ApiError, ApiEvent, Ctx, api_method};
use schemars::JsonSchema;
use serde::Serialize;

/// There is news
#[derive(Serialize, JsonSchema, ApiEvent)]
#[event(name = "/v1/test/news", audience = ["*"])]
struct News(String);

/// Tell everybody
#[api_method(path = "/v1/test/announce", permissions = ["admin"])]
async fn announce(ctx: &Ctx, text: String) -> Result<(), ApiError> {
    Ok(ctx.publish(&News(text)).await?)
}
