// errors: 2

use rpc_core::api_module;

api_module! {

}

fn main() {}
