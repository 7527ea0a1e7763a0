// errors: 1

use rpc_core::ApiEvent;

/// Order changed
#[derive(serde::Serialize, schemars::JsonSchema, ApiEvent)]
#[event(name = "/orders/changed", audience = ["clerk"])]
struct OrderChanged<T> {
    change: T,
}

fn main() {}
