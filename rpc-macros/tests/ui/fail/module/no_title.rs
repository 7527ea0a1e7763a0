// errors: 1

use rpc_core::api_module;

api_module! {
    path = "/v1/module"
}

fn main() {}
