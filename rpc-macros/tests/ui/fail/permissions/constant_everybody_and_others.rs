// errors: 1

use rpc_core::{ApiError, api_method};

const ALL: &str = "*";

/// Title
#[api_method(path = "/v1/module/method", permissions = ["admin", ALL])]
async fn method() -> Result<(), ApiError> {
    Ok(())
}

fn main() {}
