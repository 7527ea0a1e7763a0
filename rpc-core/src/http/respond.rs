//! An outcome becomes a response: status, headers, and the body, compressed where that pays.

use std::io::Write;
use std::sync::LazyLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER, VARY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;

use super::envelope;
use crate::call::{Outcome, RequestId};
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};

/// The body of every response.
pub type ResponseBody = Full<Bytes>;

/// Bytes from which an answer is compressed.
const COMPRESS_FROM: usize = 1024;

/// An answer is data: what takes it for a page runs nothing of it, loads nothing for it and shows it in no frame.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The headers of an answer in JSON whose request has no id. They are made once: a copy costs less than to insert one after the
/// other.
static EACH: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut headers = HeaderMap::new();
    headers.insert(REQUEST_ID, HeaderValue::from_static("-"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(Codec::Json.content_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.extend(guarded());
    headers
});

/// What tells browsers to take every answer for what its headers say.
fn guarded() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers
}

/// Renders an outcome in the plain envelope.
pub(super) fn plain(outcome: &Outcome, request: &HeaderMap, id: RequestId) -> Response<ResponseBody> {
    encoded(outcome, envelope::encode(outcome), request, id)
}

/// Renders an outcome whose body is encoded already.
pub(super) fn encoded(outcome: &Outcome, bytes: Vec<u8>, request: &HeaderMap, id: RequestId) -> Response<ResponseBody> {
    let mut response = body(outcome.status(), outcome.codec, bytes, request, id);
    if let Some(error) = outcome.error() {
        add_error_headers(error, response.headers_mut());
    }
    response
}

/// A response in a codec.
pub(super) fn body(
    status: u16,
    codec: Codec,
    body: Vec<u8>,
    request: &HeaderMap,
    id: RequestId,
) -> Response<ResponseBody> {
    with_body(status, codec.content_type(), body, request, id)
}

/// A response without body.
pub(super) fn empty(status: StatusCode, id: RequestId) -> Response<ResponseBody> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    *response.headers_mut() = guarded();
    add_request_id(response.headers_mut(), id);
    response
}

/// A response with a body.
pub(super) fn with_body(
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
    request: &HeaderMap,
    id: RequestId,
) -> Response<ResponseBody> {
    let mut headers = EACH.clone();
    if content_type != Codec::Json.content_type() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    add_request_id(&mut headers, id);
    let body = if body.len() > COMPRESS_FROM { compress(body, request, &mut headers) } else { body };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
}

fn add_request_id(headers: &mut HeaderMap, id: RequestId) {
    let Ok(id) = HeaderValue::from_bytes(id.as_bytes()) else { return };
    match headers.iter_mut().next() {
        // That is where it is in nearly all answers: it need not be looked for.
        Some((name, value)) if *name == REQUEST_ID => *value = id,
        _ => drop(headers.insert(REQUEST_ID, id)),
    }
}

fn add_error_headers(error: &ApiError, headers: &mut HeaderMap) {
    if error.status() == 401 {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if error.code() == ErrorCode::HttpMethod {
        headers.insert(ALLOW, HeaderValue::from_static(super::ALLOWED_VERBS));
    }
    if let Some(seconds) = error.retry_after_seconds() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
}

fn compress(body: Vec<u8>, request: &HeaderMap, headers: &mut HeaderMap) -> Vec<u8> {
    headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    if !accepts_gzip(request) {
        return body;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    match encoder.write_all(&body).and_then(|()| encoder.finish()) {
        Ok(compressed) => {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            compressed
        }
        Err(_) => body,
    }
}

/// `gzip` or `*`, without `q=0` (RFC 9110, section 12.5.3).
fn accepts_gzip(request: &HeaderMap) -> bool {
    let lines = request.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let mut any = false;
    for coding in lines.flat_map(|line| line.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        if name.eq_ignore_ascii_case("gzip") {
            return quality > 0.0;
        }
        any |= name == "*" && quality > 0.0;
    }
    any
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT_ENCODING;
    use http::{HeaderMap, HeaderValue};

    use super::accepts_gzip;

    #[test]
    fn gzip_is_sent_only_to_who_takes_it() {
        let accepts = |value: &'static str| {
            accepts_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        for value in ["gzip", "br, GZIP;q=0.5", "*", "deflate, *;q=0.1"] {
            assert!(accepts(value), "{value}");
        }
        for value in ["", "br", "gzip;q=0", "gzip; q=0, *", "*;q=0"] {
            assert!(!accepts(value), "{value}");
        }
    }
}
