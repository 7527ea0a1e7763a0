// errors: 1

use rpc_core::{ApiError, api_method};

trait Clock: Send + Sync {}

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method(value: Box<dyn Clock>) -> Result<(), ApiError> {
    let _ = value;
    Ok(())
}

fn main() {}
