// errors: 4

use rpc_core::ApiError;

#[derive(ApiError)]
enum OrderError {
    NotFound,
    /// Changed meanwhile.
    #[api_error(status = 200, code = -32602)]
    Conflict { meta: u32 },
}

fn main() {}
