// errors: 3

use rpc_core::api_event;

api_event! {
    /// Title
    struct Event;
}

fn main() {}
