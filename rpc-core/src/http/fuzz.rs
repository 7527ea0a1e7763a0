//! The parsers of request heads as functions of bytes, for fuzz targets and property tests. They end for any bytes, and panic
//! where a parser breaks a promise.

use std::net::{IpAddr, Ipv4Addr};

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

use super::{ForwardedHeader, TrustedProxies, credentials, path, query};
use crate::call::Credentials;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Reads an `Authorization` header. A token is never empty, and has no white space.
///
/// # Panics
///
/// A promise is broken.
pub fn read_authorization(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    if let Credentials::Token(token) = credentials::read(&value) {
        let text = token.expose();
        assert!(!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()), "no token: {text:?}");
    }
}

/// Brings the path of a request into its one form. That form has no doubled slashes and no way up.
///
/// # Panics
///
/// A promise is broken.
pub fn normalize_path(bytes: &[u8]) {
    let Some(path) = std::str::from_utf8(bytes).ok().and_then(|text| path::normalize(text).ok()) else { return };
    assert!(!path.contains("//") && path.split('/').all(|segment| segment != ".."), "no normal form: {path:?}");
}

/// Reads a query. It makes an object of strings, or nothing.
///
/// # Panics
///
/// A promise is broken.
pub fn read_query(bytes: &[u8]) {
    let Some(parameter) = std::str::from_utf8(bytes).ok().and_then(|text| query::parameter(Some(text)).ok()) else {
        return;
    };
    let strings = |parameter: serde_json::Value| {
        parameter.as_object().is_some_and(|members| members.values().all(serde_json::Value::is_string))
    };
    assert!(parameter.is_none_or(strings));
}

/// Finds the client behind a chain of proxies. It is an address in its one form.
///
/// # Panics
///
/// A promise is broken.
pub fn client_address(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    for (header, name) in [(ForwardedHeader::XForwardedFor, X_FORWARDED_FOR), (ForwardedHeader::Forwarded, FORWARDED)] {
        let headers = HeaderMap::from_iter([(name, value.clone())]);
        let client = TrustedProxies::new(vec![IpNet::from(peer)], header).client(peer, &headers);
        assert_eq!(client, client.to_canonical());
    }
}
