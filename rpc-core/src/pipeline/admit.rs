//! Stage 4: the limits leave room for the call.

use std::sync::Arc;
use std::time::Duration;

use crate::budget::{Account, Hold, Resource};
use crate::ctx::Ctx;
use crate::error::{ApiError, ErrorCode};
use crate::limits::{CallerKey, Full, Permit};

/// When to try again after a concurrency limit: calls end at moments that nobody knows.
const CONCURRENCY_RETRY: Duration = Duration::from_secs(1);

/// Takes the permit of the method, and a slot among the calls that run.
pub(super) fn admit(ctx: &Ctx, account: Option<&Arc<Account>>) -> Result<(Permit, Option<Hold>), ApiError> {
    if ctx.api.is_stopping() {
        return Err(ApiError::of(ErrorCode::ShuttingDown).with_retry_after(CONCURRENCY_RETRY));
    }
    let slot = account.map(|account| account.take(Resource::Calls, 1)).transpose()?;
    let method = ctx.method();
    let caller = method.limits().per_caller().then(|| CallerKey::new(&ctx.identity, ctx.client));
    let permit = Permit::acquire(&method.gate, method.limits(), caller, ctx.api.clock()).map_err(|full| {
        let (reason, retry_after) = match full {
            Full::Concurrency => ("Too many requests: the method's `concurrency` is used up", CONCURRENCY_RETRY),
            Full::ConcurrencyPerUser => {
                ("Too many requests: your `concurrency_per_user` of the method is used up", CONCURRENCY_RETRY)
            }
            Full::Rate(after) => ("Too many requests: your `rate` of the method is used up", after),
        };
        ApiError::of(ErrorCode::TooManyRequests).with_reason(reason).with_retry_after(retry_after)
    })?;
    Ok((permit, slot))
}
