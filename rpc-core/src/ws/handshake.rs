//! The opening handshake (RFC 6455, section 4.2): is it one, which subprotocol, which token.

use data_encoding::BASE64;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::call::{Credentials, Token};
use crate::error::{ApiError, ErrorCode};

const SUBPROTOCOL: &str = "jsonrpc_2.0";

/// A handshake that can be accepted.
#[derive(Debug)]
pub(crate) struct Handshake {
    accept: String,
    selects: bool,
    token: Option<Token>,
}

/// Whether a request asks for a WebSocket.
pub(crate) fn wants_upgrade(headers: &HeaderMap) -> bool {
    lists(headers, &UPGRADE).any(|protocol| protocol.eq_ignore_ascii_case("websocket"))
}

/// The comma-separated values of a header, over all its lines.
fn lists<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|value| !value.is_empty())
}

fn is_key(value: &HeaderValue) -> bool {
    BASE64.decode(value.as_bytes()).is_ok_and(|key| key.len() == 16)
}

impl Handshake {
    /// The version of the protocol that is spoken here.
    pub(crate) const VERSION: HeaderValue = HeaderValue::from_static("13");

    /// Whether a request is of that version.
    pub(crate) fn has_version(headers: &HeaderMap) -> bool {
        headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == Self::VERSION)
    }

    /// Reads the headers of a request that asks for a WebSocket.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, ApiError> {
        let refuse = |reason: &'static str| ApiError::of(ErrorCode::InvalidRequest).with_reason(reason);
        if !lists(headers, &CONNECTION).any(|option| option.eq_ignore_ascii_case("upgrade")) {
            return Err(refuse("Invalid request: `Connection: Upgrade` is missing"));
        }
        if !Self::has_version(headers) {
            return Err(refuse("Invalid request: `Sec-WebSocket-Version: 13` is expected"));
        }
        let Some(key) = headers.get(SEC_WEBSOCKET_KEY).filter(|key| is_key(key)) else {
            return Err(refuse("Invalid request: `Sec-WebSocket-Key` is 16 bytes in base64"));
        };
        let offered: Vec<&str> = lists(headers, &SEC_WEBSOCKET_PROTOCOL).collect();
        let selects = offered.contains(&SUBPROTOCOL);
        if !selects && !offered.is_empty() {
            return Err(refuse("Invalid request: the subprotocol is `jsonrpc_2.0`"));
        }
        let token = offered.into_iter().find(|&protocol| protocol != SUBPROTOCOL).map(Token::new);
        Ok(Self { accept: derive_accept_key(key.as_bytes()), selects, token })
    }

    /// The credentials of the connection: the `Authorization` header's, else the token among the subprotocols.
    pub(crate) fn credentials(&self, header: Credentials) -> Credentials {
        match (header, &self.token) {
            (Credentials::None, Some(token)) => Credentials::Token(token.clone()),
            (header, _) => header,
        }
    }

    /// The response that switches protocols.
    pub(crate) fn response<B: Default>(&self) -> Response<B> {
        let mut response = Response::new(B::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = HeaderValue::from_str(&self.accept) {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        }
        if self.selects {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::{Handshake, wants_upgrade};
    use crate::call::Credentials;

    fn headers(more: &[(&'static str, &'static str)]) -> HeaderMap {
        let base = [
            ("upgrade", "WebSocket"),
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let all = base.iter().chain(more);
        all.map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        assert!(wants_upgrade(&headers(&[])) && !wants_upgrade(&HeaderMap::new()));
        let response = Handshake::read(&headers(&[])).unwrap().response::<()>();
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(!response.headers().contains_key("sec-websocket-protocol"));
    }

    #[test]
    fn the_token_is_the_other_subprotocol() {
        for offer in ["jsonrpc_2.0, app_session_x", "app_session_x,jsonrpc_2.0"] {
            let handshake = Handshake::read(&headers(&[("sec-websocket-protocol", offer)])).unwrap();
            assert_eq!(handshake.response::<()>().headers()["sec-websocket-protocol"], "jsonrpc_2.0");
            let Credentials::Token(token) = handshake.credentials(Credentials::None) else { panic!("{offer}") };
            assert_eq!(token.expose(), "app_session_x");
            assert!(matches!(handshake.credentials(Credentials::Malformed), Credentials::Malformed));
        }
        assert!(Handshake::read(&headers(&[("sec-websocket-protocol", "graphql-ws")])).is_err());
    }
}
