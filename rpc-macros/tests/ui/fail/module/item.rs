// errors: 1

use rpc_core::api_module;

api_module! {
    /// Title
    struct Module;
}

fn main() {}
