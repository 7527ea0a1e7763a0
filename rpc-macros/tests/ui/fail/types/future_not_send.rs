// errors: 1

use rpc_core::{ApiError, api_method};

use std::rc::Rc;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method() -> Result<(), ApiError> {
    let shared = Rc::new(1);
    std::future::ready(()).await;
    drop(shared);
    Ok(())
}

fn main() {}
