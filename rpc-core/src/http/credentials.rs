//! `Authorization`: the forms in which a token may travel.

use data_encoding::{BASE64, BASE64_NOPAD};
use http::HeaderValue;

use crate::call::{Credentials, Token};

/// Reads the value of the one `Authorization` header.
///
/// `Bearer <token>`, `Basic <token>`, `Basic <base64 of "token:" or ":token">`, or the bare token. What follows `Basic` and is not
/// the Base64 of a text with one colon, at its beginning or its end, is the token itself.
pub(super) fn read(value: &HeaderValue) -> Credentials {
    // Nearly all are written just so.
    let usual = value.as_bytes().strip_prefix(b"Bearer ").and_then(graphic).map(Token::new);
    let token = usual.or_else(|| value.to_str().ok().and_then(token));
    token.map_or(Credentials::Malformed, Credentials::Token)
}

fn token(value: &str) -> Option<Token> {
    let text = value.trim_ascii();
    let first = text.bytes().position(|byte| byte == b' ').unwrap_or(text.len());
    let (scheme, token) = text.split_at(first);
    let token = token.trim_ascii_start();
    let (is_bearer, is_basic) = (scheme.eq_ignore_ascii_case("bearer"), scheme.eq_ignore_ascii_case("basic"));
    match (is_bearer, is_basic, token.is_empty()) {
        (false, false, true) => plain(scheme),
        (true, _, false) => plain(token),
        (_, true, false) => basic(token),
        _ => None,
    }
}

fn plain(token: &str) -> Option<Token> {
    graphic(token.as_bytes()).map(Token::new)
}

/// A text of visible characters, at least one.
fn graphic(text: &[u8]) -> Option<&str> {
    let is_graphic = !text.is_empty() && text.iter().fold(true, |all, byte| all & byte.is_ascii_graphic());
    std::str::from_utf8(text).ok().filter(|_| is_graphic)
}

fn basic(text: &str) -> Option<Token> {
    let pair = BASE64.decode(text.as_bytes()).or_else(|_| BASE64_NOPAD.decode(text.as_bytes())).unwrap_or_default();
    match std::str::from_utf8(&pair).ok().and_then(|pair| pair.split_once(':')) {
        Some((token, "") | ("", token)) if !token.contains(':') => plain(token).or_else(|| plain(text)),
        _ => plain(text),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::{any, proptest};

    use super::read;
    use crate::call::Credentials;

    fn token(value: &str) -> Option<String> {
        match read(&HeaderValue::from_str(value).unwrap()) {
            Credentials::Token(token) => Some(token.expose().to_owned()),
            Credentials::Malformed => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_documented_form_is_read() {
        for value in [
            "Bearer app_api_x1",
            "bearer   app_api_x1",
            "BASIC app_api_x1",
            "Basic YXBwX2FwaV94MTo=",
            "Basic YXBwX2FwaV94MTo",
            "Basic OmFwcF9hcGlfeDE=",
            "app_api_x1",
        ] {
            assert_eq!(token(value).as_deref(), Some("app_api_x1"), "{value}");
        }
        for value in ["", "Bearer", "Bearer ", "Basic", "Digest app_api_x1", "Bearer a b", "Basic a\tb"] {
            assert_eq!(token(value), None, "{value}");
        }
    }

    #[test]
    fn what_follows_basic_and_is_no_pair_with_one_half_is_the_token_itself() {
        for text in ["eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "!!!", "YTpi", "Ojo=", "OmE6", "gICAOg=="] {
            assert_eq!(token(&format!("Basic {text}")).as_deref(), Some(text));
        }
    }

    proptest! {
        #[test]
        fn no_header_panics(bytes in any::<Vec<u8>>()) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                let _ = read(&value);
            }
        }
    }
}
