// errors: 1

use rpc_core::api_event;

const NAME: &str = "/settings/Updated";

api_event! {
    /// Title
    name = NAME, audience = ["*"]
}

fn main() {}
