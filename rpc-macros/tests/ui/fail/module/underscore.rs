// errors: 1

use rpc_core::api_module;

api_module! {
    /// Title
    path = "/v1/call_log"
}

fn main() {}
