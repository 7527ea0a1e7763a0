// errors: 2

use rpc_core::{ApiError, api_method};

/// Title
#[api_method()]
async fn method() -> Result<(), ApiError> {
    Ok(())
}

fn main() {}
