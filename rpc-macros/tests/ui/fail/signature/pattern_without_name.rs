// errors: 2

use rpc_core::{ApiError, api_method};

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method((a, b): (u8, u8), _: u8) -> Result<(), ApiError> {
    let _ = a + b;
    Ok(())
}

fn main() {}
