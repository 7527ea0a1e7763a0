// errors: 1

use rpc_core::api_event;

const CLERK: &str = "Clerk";

api_event! {
    /// Title
    name = "/settings/updated", audience = ["self", CLERK]
}

fn main() {}
