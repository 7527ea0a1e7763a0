// errors: 1

use rpc_core::{ApiError, Ctx, api_method};

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method(ctx: &'c Ctx) -> Result<(), ApiError> {
    let _ = ctx;
    Ok(())
}

fn main() {}
