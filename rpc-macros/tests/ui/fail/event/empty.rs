// errors: 3

use rpc_core::api_event;

api_event! {

}

fn main() {}
