// errors: 1

use rpc_core::{ApiError, Reply, api_method};

struct Order;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method() -> Result<Reply<Order>, ApiError> {
    Ok(Reply::new(Order))
}

fn main() {}
