// errors: 1
use rpc_core::{ApiError, api_method};

/// Sign in
#[api_method(path = "/v1/session/signin", permissions = ["user"], ignores_token)]
async fn signin() -> Result<(), ApiError> {
    Ok(())
}

fn main() {}
