// errors: 1

use rpc_core::{ApiError, api_method};

struct App;

impl App {
    /// Title
    #[api_method(path = "/v1/module/method", permissions = ["user"])]
    async fn method(&self) -> Result<(), ApiError> {
        Ok(())
    }
}

fn main() {}
