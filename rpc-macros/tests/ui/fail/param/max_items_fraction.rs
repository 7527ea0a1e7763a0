// errors: 1

use rpc_core::{ApiError, api_method};

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method(
    #[param(max_items = 1.5)]
    value: Vec<u8>,
) -> Result<(), ApiError> {
    let _ = value;
    Ok(())
}

fn main() {}
