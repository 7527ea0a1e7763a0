//! Stage 3: the caller may call this method.

use crate::error::{ApiError, ErrorCode};
use crate::identity::{Identity, Proof};
use crate::method::Method;
use crate::permissions::Refusal;

pub(super) fn authorize(method: &Method, caller: &Identity) -> Result<(), ApiError> {
    method.access.check(caller).map_err(|refusal| match refusal {
        Refusal::NotAuthenticated => ApiError::of(ErrorCode::Unauthorized),
        Refusal::NotPermitted => ApiError::of(ErrorCode::Forbidden),
    })?;
    let by_token = caller.user().is_some_and(|user| user.proof == Proof::ApiToken);
    if method.is_session_only() && by_token {
        return Err(ApiError::of(ErrorCode::Forbidden).with_reason("Sign in to do this"));
    }
    Ok(())
}
