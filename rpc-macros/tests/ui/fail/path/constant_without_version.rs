// errors: 1

use rpc_core::{ApiError, api_method};

const ORDERS_CREATE: &str = "/orders/create";

/// Title
#[api_method(path = ORDERS_CREATE, permissions = ["user"])]
async fn method() -> Result<(), ApiError> {
    Ok(())
}

fn main() {}
