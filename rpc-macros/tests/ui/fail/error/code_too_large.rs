// errors: 1

use rpc_core::ApiError;

#[derive(ApiError)]
enum OrderError {
    /// There is no such order.
    #[api_error(status = 409, code = 3000000000)]
    NotFound,
}

fn main() {}
