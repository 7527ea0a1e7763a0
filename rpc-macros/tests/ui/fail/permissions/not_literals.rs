// errors: 1

use rpc_core::{ApiError, api_method};

/// Title
#[api_method(path = "/v1/module/method", permissions = [1])]
async fn method() -> Result<(), ApiError> {
    Ok(())
}

fn main() {}
