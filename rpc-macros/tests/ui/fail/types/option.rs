// errors: 1

use rpc_core::api_method;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method() -> Option<u8> {
    None
}

fn main() {}
