// errors: 1

use rpc_core::ApiError;

#[derive(ApiError)]
enum OrderError {
    /// There is no such order.
    NotFound,
}

fn main() {}
