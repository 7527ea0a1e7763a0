// errors: 1

use rpc_core::{ApiError, api_method};

/// Title
#[api_method(path = "", permissions = ["user"])]
async fn method() -> Result<(), ApiError> {
    Ok(())
}

fn main() {}
