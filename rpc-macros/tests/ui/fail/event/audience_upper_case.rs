// errors: 1

use rpc_core::api_event;

api_event! {
    /// Title
    name = "/settings/updated", audience = ["Admin"]
}

fn main() {}
