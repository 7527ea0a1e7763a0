//! An event for everybody, for the load on many WebSockets.

use rpc_core::{ApiError, Audience, Ctx, api_event, api_method};

api_event! {
    /// There is news
    name = "/v1/test/news",
    audience = ["*"],
    payload = String
}

/// Tell everybody
#[api_method(path = "/v1/test/announce", permissions = ["admin"])]
async fn announce(ctx: &Ctx, text: String) -> Result<(), ApiError> {
    ctx.publish(Audience::Everyone, "/v1/test/news", text).await?;
    Ok(())
}
