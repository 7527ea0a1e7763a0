// errors: 1

use rpc_core::{ApiError, api_method};

/// Title
#[doc = include_str!("text.md")]
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method() -> Result<(), ApiError> {
    Ok(())
}

fn main() {}
