// errors: 1

use rpc_core::ApiError;

#[derive(ApiError)]
enum OrderError {
    /// There is no such order.
    #[api_error(status = 404)]
    NotFound,
    /// There is no such customer.
    #[api_error(status = 404, kind = "not_found")]
    NoCustomer,
}

fn main() {}
