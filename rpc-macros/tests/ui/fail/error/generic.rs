// errors: 1

use rpc_core::ApiError;

/// Not possible.
#[derive(ApiError)]
#[api_error(status = 409)]
struct NotPossible<T> {
    why: T,
}

fn main() {}
