//! Stage 5: the parameters are decoded and fit the method's schema.

use serde_json::Value;

use crate::call::Transport;
use crate::codec::Params;
use crate::ctx::Ctx;
use crate::error::{ApiError, ErrorCode};
use crate::method::arguments::Arguments;
use crate::method::entry::UploadUse;
use crate::schema::violations;

pub(super) fn validate(ctx: &Ctx, params: Params) -> Result<Arguments, ApiError> {
    let method = ctx.method();
    if let Params::Unreadable(error) = params {
        return Err(error);
    }
    match (method.upload(), &ctx.upload) {
        (UploadUse::Required, None) if ctx.transport() == Transport::WebSocket => {
            return Err(ApiError::of(ErrorCode::UploadOverWebSocket));
        }
        (UploadUse::Required, None) => return Err(ApiError::of(ErrorCode::FileMissing)),
        (UploadUse::None, Some(_)) => return Err(ApiError::of(ErrorCode::NotAnUploadMethod)),
        (_, Some(file)) if file.size() > method.limits().upload => return Err(ApiError::of(ErrorCode::TooLarge)),
        _ => {}
    }
    let values = Value::Array(params.into_values(ctx.codec(), ctx.api().limits().document(), Some(method))?);
    if !method.schema.validator().is_valid(&values) {
        return Err(violations::explain(method, &values));
    }
    match values {
        Value::Array(values) => Ok(Arguments::new(values)),
        _ => Err(ApiError::internal("positional parameters are an array")),
    }
}
