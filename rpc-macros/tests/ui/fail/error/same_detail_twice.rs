// errors: 1

use rpc_core::ApiError;

#[derive(ApiError)]
enum OrderError {
    /// There is no such order.
    #[api_error(status = 404)]
    NotFound {
        id: u32,
        #[api_error(rename = "id")]
        other: u32,
    },
}

fn main() {}
