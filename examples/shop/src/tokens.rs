//! Who calls: whoever has claims that the shop has signed. Nothing is kept of them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use rpc_core::{AuthError, AuthRequest, Authenticator, Clock, Identity, Token, User};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::CLERK;

/// What a token says of its owner. Methods find it with `user.claims::<Claims>()`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Claims {
    /// The user's name, which is the id too.
    pub user: String,
    /// Whether they work in the shop.
    pub is_clerk: bool,
    /// Cents off every price.
    pub discount: u32,
    /// Seconds since the Unix epoch; keys of programs are good for ever.
    pub expires: Option<u64>,
}

/// Signs claims, and knows those that it has signed.
#[derive(Debug, Clone)]
pub struct Tokens {
    key: Hmac<Sha256>,
    clock: Arc<dyn Clock>,
}

impl Tokens {
    /// How long people stay signed in.
    pub const LIFETIME: Duration = Duration::from_hours(8);

    /// Tokens under a secret. Whoever knows it can be anybody: 32 random bytes are good.
    pub fn new(secret: &[u8], clock: Arc<dyn Clock>) -> Self {
        Self { key: Hmac::new_from_slice(secret).expect("HMAC takes keys of any length"), clock }
    }

    /// A token for somebody who signs in now.
    pub fn session(&self, user: &str, is_clerk: bool) -> String {
        let expires = Some((self.clock.now() + Self::LIFETIME).as_secs());
        self.sign(&Claims { user: user.to_owned(), is_clerk, expires, discount: 0 })
    }

    /// The claims, for everybody to read, and their signature.
    pub fn sign(&self, claims: &Claims) -> String {
        let claims = serde_json::to_vec(claims).expect("texts and numbers are always JSON");
        let signature = self.key.clone().chain_update(&claims).finalize().into_bytes();
        [&claims[..], &signature[..]].map(|part| BASE64URL_NOPAD.encode(part)).join(".")
    }

    /// The claims of a token, if they were signed here.
    fn claims(&self, token: &str) -> Option<Claims> {
        let (claims, signature) = token.split_once('.')?;
        let claims = BASE64URL_NOPAD.decode(claims.as_bytes()).ok()?;
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        self.key.clone().chain_update(&claims).verify_slice(&signature).ok()?;
        serde_json::from_slice(&claims).ok()
    }

    /// The user whom a token names, if it is signed and its end is good.
    fn user(&self, token: &str, is_good: impl Fn(Option<u64>) -> bool) -> Result<User, AuthError> {
        let claims = self.claims(token).filter(|claims| is_good(claims.expires)).ok_or(AuthError::BadToken)?;
        let user = User::new(&claims.user, &claims.user);
        let user = if claims.is_clerk { user.permission(CLERK) } else { user };
        Ok(user.with_claims(claims))
    }
}

#[async_trait]
impl Authenticator for Tokens {
    /// People send `Authorization: Bearer …`.
    async fn authenticate(&self, token: &Token, _: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        let now = self.clock.now().as_secs();
        Ok(self.user(token.expose(), |end| end.is_some_and(|end| now < end))?.into())
    }

    fn reads_head(&self) -> bool {
        true
    }

    /// Programs send `X-Api-Key: …`.
    async fn authenticate_head(&self, request: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        if !request.headers().contains_key("x-api-key") {
            return Ok(Identity::guest());
        }
        let key = request.header("x-api-key").ok_or(AuthError::BadToken)?;
        Ok(self.user(key, |end| end.is_none())?.by_api_token().into())
    }
}
