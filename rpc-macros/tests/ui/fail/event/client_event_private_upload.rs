// errors: 2

use rpc_core::{ApiError, api_method};

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"], client_event = "/typing", private, upload = "1 MiB")]
async fn method() -> Result<(), ApiError> {
    Ok(())
}

fn main() {}
