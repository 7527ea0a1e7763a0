// errors: 1

use rpc_core::{ApiError, api_method};

const CLERK: u8 = 1;

/// Title
#[api_method(path = "/v1/module/method", permissions = [CLERK])]
async fn method() -> Result<(), ApiError> {
    Ok(())
}

fn main() {}
