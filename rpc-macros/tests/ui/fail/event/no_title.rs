// errors: 1

use rpc_core::api_event;

api_event! {
    name = "/settings/updated", audience = ["*"]
}

fn main() {}
