// errors: 1

use rpc_core::{ApiError, api_method};

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method(
    #[param(minimum = 10, maximum = 9)]
    value: u32,
) -> Result<(), ApiError> {
    let _ = value;
    Ok(())
}

fn main() {}
