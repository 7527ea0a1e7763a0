// errors: 1

use rpc_core::{ApiError, api_method};

struct App;

impl App {
    /// Title
    #[api_method(path = "/v1/module/method", permissions = ["user"])]
    async fn method(&mut self, value: String) -> Result<(), ApiError> {
        let _ = value;
        Ok(())
    }
}

fn main() {}
