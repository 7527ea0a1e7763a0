//! Tokens that are known at start.

use std::collections::HashMap;

use async_trait::async_trait;
use rpc_core::{AuthError, AuthRequest, Authenticator, Identity, Token};

use crate::secret::Secret;
use crate::token::TokenFormat;
use crate::token::hash::TokenHash;

/// An authenticator over a fixed table of hashed tokens, for examples, tests, and services whose few callers are written
/// in their configuration.
#[derive(Debug, Clone)]
pub struct FixedTokens {
    format: TokenFormat,
    identities: HashMap<TokenHash, Identity>,
}

impl FixedTokens {
    /// An empty table: no token is good.
    #[must_use]
    pub fn new(format: TokenFormat) -> Self {
        Self { format, identities: HashMap::new() }
    }

    /// Adds a token, which is kept as its hash. A second identity for the same token replaces the first.
    #[must_use]
    pub fn with(self, token: &Secret, identity: impl Into<Identity>) -> Self {
        self.with_hash(TokenHash::of(token.expose()), identity)
    }

    /// Adds a token that is known by its hash.
    #[must_use]
    pub fn with_hash(mut self, hash: TokenHash, identity: impl Into<Identity>) -> Self {
        self.identities.insert(hash, identity.into());
        self
    }

    fn identity(&self, token: &Token) -> Option<Identity> {
        let token = self.format.parse(token.expose()).filter(|token| token.kind.is_for_calls())?;
        self.identities.get(&token.hash).cloned()
    }
}

#[async_trait]
impl Authenticator for FixedTokens {
    async fn authenticate(&self, token: &Token, _: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        self.identity(token).ok_or(AuthError::BadToken)
    }
}
