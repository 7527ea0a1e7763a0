// errors: 1

use rpc_core::ApiError;

#[derive(ApiError)]
enum OrderError {
    /// There is no such order.
    #[api_error(status = 503, retry_after = "30")]
    Busy,
}

fn main() {}
