// errors: 1

use rpc_core::api_method;

struct Broken;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method() -> Result<(), Broken> {
    Err(Broken)
}

fn main() {}
