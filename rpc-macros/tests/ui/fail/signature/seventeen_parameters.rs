// errors: 1

use rpc_core::{ApiError, api_method};

/// Title
#[api_method(path = "/v1/module/method", permissions = ["user"])]
async fn method(
    _p1: u8,
    _p2: u8,
    _p3: u8,
    _p4: u8,
    _p5: u8,
    _p6: u8,
    _p7: u8,
    _p8: u8,
    _p9: u8,
    _p10: u8,
    _p11: u8,
    _p12: u8,
    _p13: u8,
    _p14: u8,
    _p15: u8,
    _p16: u8,
    _p17: u8,
) -> Result<(), ApiError> {
    Ok(())
}

fn main() {}
