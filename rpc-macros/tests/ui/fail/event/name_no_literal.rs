// errors: 1

use rpc_core::api_event;

api_event! {
    /// Title
    name = concat!("/settings", "/updated"), audience = ["*"]
}

fn main() {}
