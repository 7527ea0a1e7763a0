// errors: 1

use rpc_core::ApiEvent;

/// Order shipped
#[derive(serde::Serialize, schemars::JsonSchema, ApiEvent, ApiEvent)]
#[event(name = "/orders/shipped", audience = ["clerk"])]
struct OrderShipped;

fn main() {}
