//! Stage 1: the path names a method that this way in may reach.

use std::sync::Arc;

use crate::api::Api;
use crate::call::{Call, Transport};
use crate::error::{ApiError, ErrorCode};
use crate::method::Method;

pub(super) fn resolve(api: &Api, call: &Call<'_>) -> Result<Arc<Method>, ApiError> {
    let found = call
        .method
        .or_else(|| api.find(call.path))
        .filter(|method| !method.is_private() || call.transport == Transport::InProcess);
    found.cloned().ok_or_else(|| ApiError::of(ErrorCode::MethodNotFound))
}
