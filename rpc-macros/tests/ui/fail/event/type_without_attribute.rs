// errors: 3

use rpc_core::ApiEvent;

#[derive(serde::Serialize, schemars::JsonSchema, ApiEvent)]
struct OrderShipped;

fn main() {}
