// errors: 1

use rpc_core::api_event;

api_event! {
    /// Title
    name = "/settings/updated", payload = Vec<u8, audience = ["*"]
}

fn main() {}
