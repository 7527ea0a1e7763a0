// errors: 1

use rpc_core::{ApiError, api_method};

struct Broken;

impl From<Broken> for ApiError {
    fn from(_: Broken) -> Self {
        Self::new(409, "Broken")
    }
}

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method() -> Result<(), Broken> {
    Err(Broken)
}

fn main() {}
