// errors: 1

use rpc_core::api_method;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method() -> Result<(), String> {
    Ok(())
}

fn main() {}
