// errors: 1

use rpc_core::api_module;

const ORDERS: &str = "/v1";

api_module! {
    /// Title
    path = ORDERS
}

fn main() {}
