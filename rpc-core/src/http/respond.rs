//! An outcome becomes a response: status, headers, and the body.

use std::sync::LazyLock;

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::envelope;
pub(super) use super::response_body::ResponseBody;
use crate::call::{Outcome, RequestId};
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::reply::ReplyHead;

/// A page runs nothing but what it says, loads nothing, and is shown in no frame.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
/// What tells browsers to take every answer for what its content type says.
const SNIFF_NOTHING: HeaderValue = HeaderValue::from_static("nosniff");

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The headers of an answer in each codec, whose request has no id. They are made once: a copy costs less than to insert one after
/// the other.
static EACH: LazyLock<[HeaderMap; 2]> = LazyLock::new(|| {
    [Codec::Json, Codec::MsgPack].map(|codec| {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_static("-"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(codec.content_type()));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, SNIFF_NOTHING);
        headers
    })
});

/// Renders an outcome in the plain envelope.
pub(super) fn plain(outcome: &Outcome, id: RequestId) -> Response<ResponseBody> {
    encoded(outcome, envelope::encode(outcome), id)
}

/// Renders an outcome whose body is encoded already.
pub(super) fn encoded(outcome: &Outcome, bytes: Vec<u8>, id: RequestId) -> Response<ResponseBody> {
    let mut response = body(outcome.status(), outcome.codec, bytes, id);
    match &outcome.result {
        Ok(reply) => reply.head().into_iter().for_each(|head| add_headers(head, response.headers_mut())),
        Err(error) => add_error_headers(error, response.headers_mut()),
    }
    response
}

/// A response in a codec.
pub(super) fn body(status: u16, codec: Codec, body: Vec<u8>, id: RequestId) -> Response<ResponseBody> {
    let [json, msgpack] = &*EACH;
    let mut response = Response::new(ResponseBody::new(Bytes::from(body)));
    *response.headers_mut() = if codec == Codec::Json { json.clone() } else { msgpack.clone() };
    add_request_id(response.headers_mut(), id);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// A response without body.
pub(super) fn empty(status: StatusCode, id: RequestId) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::default());
    *response.status_mut() = status;
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, SNIFF_NOTHING);
    add_request_id(response.headers_mut(), id);
    response
}

/// A page in HTML.
pub(super) fn page(html: String, id: RequestId) -> Response<ResponseBody> {
    let mut response = body(200, Codec::Json, html.into_bytes(), id);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, POLICY);
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

/// Adds the headers of the method's own.
pub(super) fn add_headers(head: &ReplyHead, headers: &mut HeaderMap) {
    for (name, value) in &head.headers {
        headers.append(name, value.clone());
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
