// errors: 2

use rpc_core::api_method;

struct Order;
struct Broken;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method() -> Result<Order, Broken> {
    Err(Broken)
}

fn main() {}
