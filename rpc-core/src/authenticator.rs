//! Authenticators: who knows the tokens.

use std::error::Error;
use std::net::IpAddr;

use async_trait::async_trait;

use crate::call::Token;
use crate::identity::Identity;

/// Finds out who presents a token.
///
/// One that remembers what it found listens to the [`Bus`](crate::Bus) for what makes that void, and began to before the
/// [`Api`](crate::Api) was built: listeners hear in that order, and sockets that hear of a change ask again at once.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// The identity behind a token.
    ///
    /// # Errors
    ///
    /// [`AuthError::BadToken`] for whatever makes the token no good (malformed, unknown, expired, disabled: callers
    /// cannot tell which), [`AuthError::Unavailable`] when it cannot be found out now.
    async fn authenticate(&self, token: &Token, client: Option<IpAddr>) -> Result<Identity, AuthError>;
}

/// Why a token gives no identity.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The token is no good.
    #[error("the token is malformed, unknown, expired or disabled")]
    BadToken,
    /// The tokens cannot be checked now: whoever knows them does not answer.
    #[error("tokens cannot be checked now")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// An application without tokens: nobody has a good one.
#[derive(Debug)]
pub(crate) struct NoTokens;

#[async_trait]
impl Authenticator for NoTokens {
    async fn authenticate(&self, _: &Token, _: Option<IpAddr>) -> Result<Identity, AuthError> {
        Err(AuthError::BadToken)
    }
}
