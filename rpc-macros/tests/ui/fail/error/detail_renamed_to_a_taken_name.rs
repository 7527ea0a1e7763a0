// errors: 1

use rpc_core::ApiError;

#[derive(ApiError)]
enum OrderError {
    /// There is no such order.
    #[api_error(status = 404)]
    NotFound {
        #[api_error(rename = "kind")]
        of: u32,
    },
}

fn main() {}
