// errors: 1

use rpc_core::api_method;

use std::error::Error;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method() -> Result<u8, Box<dyn Error + Send + Sync>> {
    Ok(1)
}

fn main() {}
