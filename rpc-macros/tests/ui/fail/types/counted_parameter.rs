// errors: 1

use std::rc::Rc;

use rpc_core::{ApiError, api_method};

struct Accounts;

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method(value: Rc<Accounts>) -> Result<(), ApiError> {
    let _ = value;
    Ok(())
}

fn main() {}
