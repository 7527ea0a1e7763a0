//! The text of tokens: `<app>_<kind>_<random><checksum>`.

mod base62;
pub(crate) mod hash;

use thiserror::Error;

use self::hash::TokenHash;
use crate::secret::Secret;

/// Random symbols of a token: log2(62^30) = 178 bits, of which OWASP ASVS 5.0 (7.2.3) asks for 128.
const RANDOM: usize = 30;
/// Symbols of the checksum: 62^6 > 2^32.
const CHECKSUM: usize = 6;
/// Symbols of the longest name of a kind.
const LONGEST_KIND: usize = 7;
/// Symbols of the longest name of an application.
const MAX_APP: usize = 16;

/// What a token is for. The kind is a part of the text, so that people and scanners of leaked secrets can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// For the time between signing in and signing out.
    Session,
    /// For programs.
    Api,
    /// For one step of a user who got it by mail: confirming an address, or setting a password. Nobody calls with it.
    Confirmation,
}

impl TokenKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Session, Self::Api, Self::Confirmation];

    /// The name in the text of a token.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Api => "api",
            Self::Confirmation => "confirm",
        }
    }

    /// Whether a call can be made with such a token, as its owner. An authenticator answers any other with
    /// [`AuthError::BadToken`](rpc_core::AuthError::BadToken), without asking a store.
    #[must_use]
    pub const fn is_for_calls(self) -> bool {
        match self {
            Self::Session | Self::Api => true,
            Self::Confirmation => false,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Makes and reads the tokens of one application: `<app>_<kind>_`, 30 random base62 symbols, 6 of checksum.
///
/// Letters, digits and `_` only, so that a token travels in headers, addresses and WebSocket subprotocols as it is.
/// The checksum is the CRC-32 (IEEE) of the random symbols in base62, the same as in the tokens of GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenFormat {
    app: Box<str>,
}

/// A text in the form of a token. Only a store knows whether it was given to anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParsedToken {
    /// What it is for.
    pub kind: TokenKind,
    /// The hash by which stores find it.
    pub hash: TokenHash,
}

/// The name cannot stand before the tokens of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the name before tokens is 1 to 16 lower-case letters and digits, and begins with a letter")]
pub struct AppNameError;

/// The system gives no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the system gives no random bytes: {0}")]
pub struct RandomError(pub(crate) getrandom::Error);

impl TokenFormat {
    /// The format of the application with a name.
    ///
    /// # Errors
    ///
    /// The name is not 1 to 16 lower-case letters and digits, or begins with a digit.
    pub fn new(app: &str) -> Result<Self, AppNameError> {
        let is_name = (1..=MAX_APP).contains(&app.len())
            && app.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            && app.starts_with(|first: char| first.is_ascii_lowercase());
        if is_name { Ok(Self { app: app.into() }) } else { Err(AppNameError) }
    }

    /// A new token, from the random bytes of the system. It is shown to its owner once and stored as its [`TokenHash`].
    ///
    /// # Errors
    ///
    /// The system gives no random bytes.
    pub fn generate(&self, kind: TokenKind) -> Result<Secret, RandomError> {
        let random = base62::random(RANDOM, getrandom::fill).map_err(RandomError)?;
        Ok(self.token(kind, &random))
    }

    /// The hash of a text that is not longer than a token, whether it has the form of one or not.
    pub(crate) fn hash_of(&self, text: &str) -> Option<TokenHash> {
        let longest = self.app.len() + LONGEST_KIND + RANDOM + CHECKSUM + 2;
        (text.len() <= longest).then(|| TokenHash::of(text))
    }

    /// Reads a presented token. `None` for whatever has another form, or a checksum that does not fit: no store needs to
    /// be asked about it.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<ParsedToken> {
        let rest = text.strip_prefix(&*self.app)?.strip_prefix('_')?;
        let (kind, symbols) = rest.split_once('_')?;
        let kind = TokenKind::named(kind)?;
        if symbols.len() != RANDOM + CHECKSUM || !base62::is_base62(symbols) {
            return None;
        }
        let (random, given) = symbols.split_at(RANDOM);
        (checksum(random) == given).then(|| ParsedToken { kind, hash: TokenHash::of(text) })
    }

    fn token(&self, kind: TokenKind, random: &str) -> Secret {
        Secret::new(format!("{}_{}_{random}{}", self.app, kind.name(), checksum(random)))
    }
}

fn checksum(random: &str) -> String {
    base62::number(crc32fast::hash(random.as_bytes()), CHECKSUM)
}

#[cfg(test)]
mod tests {
    use super::{AppNameError, TokenFormat, TokenHash, TokenKind};

    #[test]
    fn the_text_of_a_token_does_not_change_between_versions() {
        let format = TokenFormat::new("app").unwrap();
        let token = format.token(TokenKind::Session, "0123456789ABCDEFGHIJKLMNOPQRST");
        assert_eq!(token.expose(), "app_session_0123456789ABCDEFGHIJKLMNOPQRST4PMbyp");
        assert_eq!(format.parse(token.expose()).map(|token| token.kind), Some(TokenKind::Session));
    }

    #[test]
    fn the_kinds_of_tokens_are_seen_in_their_text() {
        let format = TokenFormat::new("app").unwrap();
        let starts = TokenKind::ALL.map(|kind| {
            let token = format.generate(kind).unwrap();
            assert_eq!(format.hash_of(token.expose()), Some(TokenHash::of(token.expose())));
            (token.expose()[..token.expose().len() - 36].to_owned(), kind.is_for_calls())
        });
        assert_eq!(format.hash_of(&"x".repeat(49)), None);
        let expected = [("app_session_", true), ("app_api_", true), ("app_confirm_", false)];
        assert_eq!(starts, expected.map(|(start, is_for_calls)| (start.to_owned(), is_for_calls)));
    }

    #[test]
    fn names_are_short_words() {
        for name in ["a", "app", "shop2", "abcdefghijklmnop"] {
            assert!(TokenFormat::new(name).is_ok(), "{name}");
        }
        for name in ["", "2shop", "Shop", "my_shop", "my-shop", "größe", "abcdefghijklmnopq"] {
            assert_eq!(TokenFormat::new(name), Err(AppNameError), "{name}");
        }
    }
}
