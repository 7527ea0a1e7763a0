// errors: 1

use std::sync::Arc;

use rpc_core::{ApiError, api_method};

struct Accounts;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method(value: Arc<Accounts>) -> Result<(), ApiError> {
    let _ = value;
    Ok(())
}

fn main() {}
