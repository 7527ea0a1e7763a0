// errors: 1

use rpc_core::{Api, PublishError};

#[derive(serde::Serialize, schemars::JsonSchema)]
struct OrderShipped {
    order: String,
}

async fn shipped(api: &Api, order: String) -> Result<(), PublishError> {
    api.publish(&OrderShipped { order }).await
}

fn main() {}
