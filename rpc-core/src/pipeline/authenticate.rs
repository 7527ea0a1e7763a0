//! Stage 2: credentials become an identity.

use std::net::IpAddr;
use std::time::Duration;

use crate::api::Api;
use crate::authenticator::AuthError;
use crate::call::Credentials;
use crate::error::{ApiError, ErrorCode};
use crate::identity::Identity;

pub(crate) async fn authenticate(
    api: &Api,
    credentials: Credentials,
    client: Option<IpAddr>,
) -> Result<Identity, ApiError> {
    let token = match credentials {
        Credentials::None => return Ok(Identity::guest()),
        Credentials::Known(identity) => return Ok(identity),
        Credentials::Malformed => return Err(ApiError::of(ErrorCode::Unauthorized)),
        Credentials::Token(token) => token,
    };
    api.authenticator().authenticate(&token, client).await.map_err(|error| match error {
        AuthError::BadToken => ApiError::of(ErrorCode::Unauthorized),
        AuthError::Unavailable(source) => ApiError::unavailable(source, Duration::from_secs(1)),
    })
}
