// errors: 1

use rpc_core::{ApiError, api_method};

mod uuid {
    #[derive(serde::Deserialize)]
    pub struct Uuid;
}

use uuid::Uuid;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method(value: Uuid) -> Result<(), ApiError> {
    let _ = value;
    Ok(())
}

fn main() {}
