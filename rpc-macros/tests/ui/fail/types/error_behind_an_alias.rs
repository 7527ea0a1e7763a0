// errors: 1

use rpc_core::api_method;

struct Broken;

type Result<T> = std::result::Result<T, Broken>;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method() -> Result<u8> {
    Err(Broken)
}

fn main() {}
