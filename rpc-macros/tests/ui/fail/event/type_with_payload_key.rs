// errors: 1

use rpc_core::ApiEvent;

/// Order shipped
#[derive(serde::Serialize, schemars::JsonSchema, ApiEvent)]
#[event(name = "/orders/shipped", audience = ["clerk"], payload = String)]
struct OrderShipped;

fn main() {}
