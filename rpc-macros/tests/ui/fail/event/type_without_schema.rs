// errors: 1

use rpc_core::ApiEvent;

/// Order changed
#[derive(serde::Serialize, ApiEvent)]
#[event(name = "/orders/changed", audience = ["clerk"])]
struct OrderChanged {
    order: String,
}

fn main() {}
