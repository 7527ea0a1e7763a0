// errors: 7

use rpc_core::{ApiError, Ctx, api_method};

/// Title
#[api_method(path = "v1/module/method", permissions = [], colour = "red", rate = "often", log)]
fn method(_ctx: &mut Ctx) -> Result<(), ApiError> {
    Ok(())
}

fn main() {}
