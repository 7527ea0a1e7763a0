//! Stage 5: the parameters are decoded and fit the method's schema.

use crate::call::{Params, Transport};
use crate::ctx::Ctx;
use crate::error::{ApiError, ErrorCode};
use crate::method::arguments::Arguments;
use crate::method::entry::UploadUse;
use crate::schema::violations;
use crate::tree::Tree;

pub(super) fn validate<'p>(ctx: &Ctx, params: &'p mut Params) -> Result<Arguments<'p>, ApiError> {
    let method = ctx.method();
    if !matches!(params, Params::Unreadable(_)) {
        check_upload(ctx)?;
    }
    let values = Tree::Array(params.take(ctx.codec(), ctx.api().limits().document(), Some(method))?);
    if !method.schema.validator().is_valid(&values) {
        return Err(violations::explain(method, &values));
    }
    match values {
        Tree::Array(values) => Ok(Arguments::new(values)),
        _ => Err(ApiError::internal("positional parameters are an array")),
    }
}

/// A file comes where the method takes one, and only there.
fn check_upload(ctx: &Ctx) -> Result<(), ApiError> {
    let method = ctx.method();
    match (method.upload(), &ctx.upload) {
        (UploadUse::Required, None) if ctx.transport() == Transport::WebSocket => {
            Err(ApiError::of(ErrorCode::UploadOverWebSocket))
        }
        (UploadUse::Required, None) => Err(ApiError::of(ErrorCode::FileMissing)),
        (UploadUse::None, Some(_)) => Err(ApiError::of(ErrorCode::NotAnUploadMethod)),
        (_, Some(file)) if file.size() > method.limits().upload => Err(ApiError::of(ErrorCode::TooLarge)),
        _ => Ok(()),
    }
}
