// errors: 6

use rpc_core::api_event;

api_event! {
    name = "settings", audience = ["Admin", "user", "user"], payload = 5, colour = "red"
}

fn main() {}
