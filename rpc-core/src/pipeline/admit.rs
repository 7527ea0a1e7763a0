//! Stage 4: the limits leave room for the call.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::api::Api;
use crate::error::{ApiError, ErrorCode};
use crate::identity::Identity;
use crate::limits::{CallerKey, Full, Permit};
use crate::method::Method;

/// When to try again after a concurrency limit: calls end at moments that nobody knows.
const CONCURRENCY_RETRY: Duration = Duration::from_secs(1);

pub(super) fn admit(
    api: &Api,
    method: &Arc<Method>,
    caller: &Identity,
    client: Option<IpAddr>,
) -> Result<Permit, ApiError> {
    if api.is_stopping() {
        return Err(ApiError::of(ErrorCode::ShuttingDown).with_retry_after(CONCURRENCY_RETRY));
    }
    let caller = method.limits().per_caller().then(|| CallerKey::new(caller, client));
    Permit::acquire(method, caller, api.clock()).map_err(|full| {
        let (reason, retry_after) = match full {
            Full::Concurrency => ("Too many requests: the method's `concurrency` is used up", CONCURRENCY_RETRY),
            Full::ConcurrencyPerUser => {
                ("Too many requests: your `concurrency_per_user` of the method is used up", CONCURRENCY_RETRY)
            }
            Full::Rate(after) => ("Too many requests: your `rate` of the method is used up", after),
        };
        ApiError::of(ErrorCode::TooManyRequests).with_reason(reason).with_retry_after(retry_after)
    })
}
