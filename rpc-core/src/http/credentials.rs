//! `Authorization`: the forms in which a token may travel.

use data_encoding::{BASE64, BASE64_NOPAD};
use http::HeaderValue;

use crate::call::{Credentials, Token};

/// Reads the value of the one `Authorization` header.
///
/// `Bearer <token>`, `Basic <token>`, `Basic <base64 of "token:" or ":token">`, or the bare token. What contains `_` is a
/// token, since Base64 has no such character; other text after `Basic` is Base64.
pub(super) fn read(value: &HeaderValue) -> Credentials {
    token(value).map_or(Credentials::Malformed, Credentials::Token)
}

fn token(value: &HeaderValue) -> Option<Token> {
    let text = value.to_str().ok()?.trim();
    let token = match text.split_once(' ') {
        None if ["bearer", "basic"].contains(&text.to_ascii_lowercase().as_str()) => return None,
        None => text,
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("basic") => return basic(token.trim_start()),
        Some(_) => return None,
    };
    plain(token)
}

fn plain(token: &str) -> Option<Token> {
    let sane = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    sane.then(|| Token::new(token))
}

fn basic(text: &str) -> Option<Token> {
    if text.contains('_') {
        return plain(text);
    }
    let bytes = BASE64.decode(text.as_bytes()).or_else(|_| BASE64_NOPAD.decode(text.as_bytes())).ok()?;
    let pair = std::str::from_utf8(&bytes).ok()?;
    match pair.split_once(':')? {
        (token, "") | ("", token) => plain(token),
        _ => None,
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
        for value in ["", "Bearer", "Bearer ", "Basic !!!", "Basic YTpi", "Digest app_api_x1", "Bearer a b"] {
            assert_eq!(token(value), None, "{value}");
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
