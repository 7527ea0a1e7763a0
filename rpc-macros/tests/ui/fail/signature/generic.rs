// errors: 1

use rpc_core::{ApiError, api_method};

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method<T>(_value: Vec<T>) -> Result<(), ApiError> {
    Ok(())
}

fn main() {}
