// errors: 1

use rpc_core::{ApiError, api_method};

struct Order;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method() -> Result<Order, ApiError> {
    Ok(Order)
}

fn main() {}
