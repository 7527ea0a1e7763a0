//! Encodes what a handler returned, in the codec of its call.

use super::errors::MethodError;
use super::output::{Answer, MethodOutput};
use crate::error::payload::{Content, Payload};
use crate::reply::{Encoded, ReplyHead};
use crate::{ApiError, Ctx, Reply};

/// Encodes what a handler returned. Called by the expansion of `#[api_method]`.
///
/// # Errors
///
/// The method's own, and a reply whose status is that of an error; or an internal one when the data does not serialise.
pub fn encode<T, E, R>(ctx: &Ctx, output: R) -> Result<Encoded, ApiError>
where
    T: Answer,
    E: MethodError,
    R: MethodOutput<Answer = T, Error = E>,
{
    match output.into_result() {
        Ok(answer) => {
            let Reply { status, reason, data, extra, mut head } = answer.into_reply();
            if !ctx.method().is_read_only() && head.as_deref().is_some_and(ReplyHead::is_for_caches) {
                return Err(ApiError::internal("`cache` and `etag` of a reply are for methods that are `read_only`"));
            }
            if let Some(head) = head.as_deref_mut().filter(|_| !ctx.method().access.is_open()) {
                head.keep_from_others();
            }
            let data = encoded(ctx, &data)?;
            answered(Encoded { status, reason, data, extra, head })
        }
        Err(error) => Err(failed(ctx, error.into())),
    }
}

/// Encodes data. Only where its type may hold a number with a fraction, and a `null` was written, is it looked at again.
fn encoded(ctx: &Ctx, data: &dyn erased_serde::Serialize) -> Result<Vec<u8>, ApiError> {
    if !ctx.method().finite.may_be_broken {
        return ctx.codec().encode(data);
    }
    let (bytes, has_null) = ctx.codec().encode_noting_null(data)?;
    if has_null {
        check_finite(ctx, data)?;
    }
    Ok(bytes)
}

/// An answer from 400 on is an error, whatever half of the result it came in.
fn answered(reply: Encoded) -> Result<Encoded, ApiError> {
    if reply.status < 400 {
        return Ok(reply);
    }
    let Encoded { status, reason, data, extra, .. } = reply;
    let error = ApiError::new(status, reason);
    let reason = (error.reason() == "OK").then(|| error.code().reason());
    let error = error.with_payload(Payload::Reply { data, extra });
    Err(match reason {
        Some(usual) => error.with_reason(usual),
        None => error,
    })
}

/// Encodes the details of an error; one whose details do not serialise is a fault of the program.
fn failed(ctx: &Ctx, mut error: ApiError) -> ApiError {
    let Some(Payload::Own { fields, .. }) = error.payload_mut() else { return error };
    for (_, content) in &mut fields.0 {
        let Content::Typed(value) = content else { continue };
        match check_finite(ctx, &**value).and_then(|()| ctx.codec().encode(&**value)) {
            Ok(bytes) => *content = Content::Encoded(bytes),
            Err(fault) => return fault,
        }
    }
    error
}

fn check_finite(ctx: &Ctx, value: &dyn erased_serde::Serialize) -> Result<(), ApiError> {
    ctx.method().finite.check(value, ctx.method().path(), ctx.request_id())
}
