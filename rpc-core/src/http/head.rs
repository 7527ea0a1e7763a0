//! The head of a request, read once: everything about the call but its parameters.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, request};

use super::respond::REQUEST_ID;
use crate::api::Api;
use crate::call::RequestId;
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::limits::Limits;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const VOID: [HeaderName; 2] = [HeaderName::from_static("api-call-void"), HeaderName::from_static("x-api-void-call")];

/// What a verb means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// GET and HEAD: the parameter is in the query.
    Query,
    /// POST: the parameters are in the body.
    Body,
    /// OPTIONS.
    Preflight,
}

pub(super) fn verb(method: &Method) -> Result<Verb, ApiError> {
    match *method {
        Method::POST => Ok(Verb::Body),
        Method::GET | Method::HEAD => Ok(Verb::Query),
        Method::OPTIONS => Ok(Verb::Preflight),
        _ => Err(ApiError::of(ErrorCode::HttpMethod)
            .with_reason(format!("HTTP method is not allowed: use {}", super::ALLOWED_VERBS))),
    }
}

/// The caller's id, the trace's id of `traceparent` (W3C Trace Context, section 3.2), or a new one.
pub(super) fn request_id(headers: &HeaderMap, api: &Api) -> RequestId {
    let given = headers.get(REQUEST_ID).and_then(|id| RequestId::parse(id.to_str().ok()?));
    given.or_else(|| trace_id(headers.get(TRACEPARENT)?)).unwrap_or_else(|| api.request_id())
}

fn trace_id(value: &HeaderValue) -> Option<RequestId> {
    let mut fields = value.to_str().ok()?.split('-');
    let (_version, trace, parent) = (fields.next()?, fields.next()?, fields.next()?);
    let sane = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let zero = trace.bytes().all(|byte| byte == b'0');
    if sane(trace, 32) && sane(parent, 16) && !zero { RequestId::parse(trace) } else { None }
}

/// Whether the caller does not wait for the answer.
pub(super) fn is_void(headers: &HeaderMap) -> bool {
    VOID.iter().any(|name| headers.get(name).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true")))
}

/// The request's codec; the error says what to send instead.
pub(super) fn codec(headers: &HeaderMap) -> Result<Codec, ApiError> {
    let content_type = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"));
    Codec::of_content_type(content_type).ok_or_else(|| {
        ApiError::of(ErrorCode::UnsupportedMediaType).with_reason(
            "Content type is not supported: send `Content-Type: application/json` or `application/msgpack`",
        )
    })
}

/// Holds the request line and the headers to their limits.
pub(super) fn check_size(parts: &request::Parts, limits: &Limits) -> Result<(), ApiError> {
    let line = parts.uri.path_and_query().map_or(0, |path| path.as_str().len()) as u64;
    if line > limits.request_line {
        let limit = limits.request_line;
        let reason = format!("The request line is too long: the limit is {limit} bytes (`request_line`)");
        return Err(ApiError::of(ErrorCode::InvalidRequest).with_status(414).with_reason(reason));
    }
    let headers: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if headers as u64 > limits.headers {
        let limit = limits.headers;
        let reason = format!("The headers are too long: the limit is {limit} bytes (`headers`)");
        return Err(ApiError::of(ErrorCode::InvalidRequest).with_status(431).with_reason(reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::trace_id;

    #[test]
    fn a_trace_names_the_request() {
        let id = |text: &'static str| trace_id(&HeaderValue::from_static(text)).map(|id| id.to_string());
        let trace = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(id("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").as_deref(), Some(trace));
        for text in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-x-y-01",
        ] {
            assert_eq!(id(text), None, "{text}");
        }
    }
}
