//! Stage 2: credentials become an identity.

use std::time::Duration;

use crate::api::Api;
use crate::authenticator::{AuthError, AuthRequest};
use crate::call::Credentials;
use crate::error::{ApiError, ErrorCode};
use crate::identity::Identity;

pub(crate) async fn authenticate(
    api: &Api,
    credentials: Credentials,
    request: AuthRequest<'_>,
) -> Result<Identity, ApiError> {
    let authenticator = api.authenticator();
    let reads_head = authenticator.reads_head();
    let request = if reads_head { request } else { request.without_head() };
    let found = match credentials {
        Credentials::None if reads_head => authenticator.authenticate_head(&request).await,
        Credentials::None => return Ok(Identity::guest()),
        Credentials::Known(identity) => return Ok(identity),
        Credentials::Malformed => return Err(ApiError::of(ErrorCode::Unauthorized)),
        Credentials::Token(token) => authenticator.authenticate(&token, &request).await,
    };
    found.map_err(|error| match error {
        AuthError::BadToken => ApiError::of(ErrorCode::Unauthorized),
        AuthError::CrossSite => ApiError::of(ErrorCode::Forbidden).with_reason(
            "A cookie is no credential here: the call needs the `Origin` of a page that may call, or `Sec-Fetch-Site: same-origin`",
        ),
        AuthError::Unavailable(source) => ApiError::unavailable(source, Duration::from_secs(1)),
    })
}
