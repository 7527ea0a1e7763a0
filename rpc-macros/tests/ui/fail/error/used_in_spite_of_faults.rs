// errors: 1

use rpc_core::{ApiError, api_method};

/// Not possible.
#[derive(ApiError)]
struct NotPossible;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method() -> Result<(), NotPossible> {
    Err(NotPossible)
}

fn main() {}
