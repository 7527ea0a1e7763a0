//! Stage 1: the path names a method that this transport may reach.

use std::sync::Arc;

use crate::call::Transport;
use crate::error::{ApiError, ErrorCode};
use crate::method::Method;

/// The method that was found under the path, if any.
pub(super) fn resolve(found: Option<&Arc<Method>>, transport: Transport) -> Result<Arc<Method>, ApiError> {
    let found = found.filter(|method| !method.is_private() || transport == Transport::InProcess);
    found.cloned().ok_or_else(|| ApiError::of(ErrorCode::MethodNotFound))
}
