// errors: 1

use rpc_core::{ApiError, api_method};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct App;

impl App {
    /// Title
    #[api_method(path = "/v1/module/method", permissions = ["user"])]
    async fn method(value: Self) -> Result<(), ApiError> {
        let _ = value;
        Ok(())
    }
}

fn main() {}
