//! Encodes what a handler returned, in the codec of its call.

use super::output::MethodOutput;
use crate::reply::{Encoded, ReplyHead};
use crate::{ApiError, Ctx, Reply};

/// Encodes what a handler returned. Called by the expansion of `#[api_method]`.
///
/// # Errors
///
/// The method's own error, or an internal one when the data does not serialise.
pub fn encode<R: MethodOutput>(ctx: &Ctx, output: R) -> Result<Encoded, ApiError> {
    let Reply { status, reason, data, extra, head } = output.into_reply()?;
    if !ctx.method().is_read_only() && head.as_deref().is_some_and(ReplyHead::is_for_caches) {
        return Err(ApiError::internal("`cache` and `etag` of a reply are for methods that are `read_only`"));
    }
    let data = ctx.codec().encode(&data)?;
    Ok(Encoded { status, reason, data, extra, head })
}
