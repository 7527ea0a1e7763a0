// errors: 1

use rpc_core::{Api, ApiEvent, PublishError};

/// Order shipped
#[derive(serde::Serialize, schemars::JsonSchema, ApiEvent)]
#[event(name = "/orders/shipped", audience = ["self", "clerk"])]
struct OrderShipped {
    order: String,
}

async fn shipped(api: &Api, order: String) -> Result<(), PublishError> {
    api.publish(&OrderShipped { order }).await
}

fn main() {}
