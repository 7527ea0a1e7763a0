// errors: 3

use std::cell::Cell;

use rpc_core::{ApiError, api_method};

struct Order;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method(app: &Cell<Order>, value: Order) -> Result<Order, ApiError> {
    let _ = (app, value);
    Ok(Order)
}

fn main() {}
