//! The head of a request, read once: everything about the call but its parameters.

use http::{HeaderMap, HeaderValue, Method, Uri};

use super::body::Announced;
use super::{credentials, upload};
use crate::api::Api;
use crate::call::{Credentials, RequestId, TraceContext};
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::limits::Limits;

/// What an HTTP method means here.
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

/// What the headers say of a call, read in one pass over them.
#[derive(Debug, Default)]
pub(super) struct ParsedHead<'h> {
    /// Bytes of all headers.
    size: usize,
    request_id: Option<&'h HeaderValue>,
    traceparent: Option<&'h HeaderValue>,
    /// How often there is a `traceparent`.
    traceparents: usize,
    has_tracestate: bool,
    content_type: Option<&'h HeaderValue>,
    authorization: Option<&'h HeaderValue>,
    /// More than one `Authorization`.
    ambiguous: bool,
    /// What is said of the body.
    pub(super) body: Announced<'h>,
    /// The caller does not wait for the answer.
    pub(super) is_void: bool,
    /// The request comes from a web page.
    pub(super) has_origin: bool,
    /// There are cookies.
    pub(super) has_cookie: bool,
    /// Another protocol is asked for.
    pub(super) has_upgrade: bool,
}

impl<'h> ParsedHead<'h> {
    pub(super) fn read(headers: &'h HeaderMap) -> Self {
        let mut head = Self::default();
        for (name, value) in headers {
            let name = name.as_str();
            head.size += name.len() + value.len() + 4;
            match name {
                "content-type" => head.content_type = head.content_type.or(Some(value)),
                "content-encoding" => {
                    head.body.is_wrapped |= head.body.encoding.is_some();
                    head.body.encoding = Some(value);
                }
                "transfer-encoding" => head.body.is_wrapped |= !value.as_bytes().eq_ignore_ascii_case(b"chunked"),
                "expect" => head.body.waits |= value.as_bytes().eq_ignore_ascii_case(b"100-continue"),
                "authorization" => {
                    head.ambiguous |= head.authorization.is_some();
                    head.authorization = Some(value);
                }
                "x-request-id" => head.request_id = head.request_id.or(Some(value)),
                "traceparent" => {
                    head.traceparents += 1;
                    head.traceparent = Some(value);
                }
                "tracestate" => head.has_tracestate = true,
                "api-call-void" | "x-api-void-call" => {
                    head.is_void |= value.as_bytes().eq_ignore_ascii_case(b"true");
                }
                "origin" => head.has_origin = true,
                "cookie" => head.has_cookie = true,
                "upgrade" => head.has_upgrade = true,
                _ => {}
            }
        }
        head
    }

    /// Bytes of all headers.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The caller's id, the trace's, or a new one.
    pub(super) fn request_id(&self, api: &Api, trace: Option<&TraceContext>) -> RequestId {
        let given = self.request_id.and_then(|id| RequestId::parse(id.to_str().ok()?));
        given.or_else(|| RequestId::parse(trace?.trace_id())).unwrap_or_else(|| api.request_id())
    }

    /// The trace that the request belongs to. Two parents are none, and a state without a parent is none.
    pub(super) fn trace(&self, headers: &HeaderMap) -> Option<TraceContext> {
        let trace = TraceContext::parse(self.traceparent.filter(|_| self.traceparents == 1)?.to_str().ok()?)?;
        if !self.has_tracestate {
            return Some(trace);
        }
        // In parts it means the same as in one header (RFC 9110, section 5.3).
        let parts: Result<Vec<&str>, _> = headers.get_all("tracestate").iter().map(HeaderValue::to_str).collect();
        Some(match parts {
            Ok(parts) => trace.with_state(&parts.join(",")),
            Err(_) => trace,
        })
    }

    /// The credentials of the caller.
    pub(super) fn credentials(&self) -> Credentials {
        match self.authorization {
            None => Credentials::None,
            Some(_) if self.ambiguous => Credentials::Malformed,
            Some(value) => credentials::read(value),
        }
    }

    /// The boundary of an upload's parts; `None` for any other content.
    pub(super) fn boundary(&self) -> Option<Result<String, ApiError>> {
        upload::boundary(self.content_type?)
    }

    /// The request's codec; the error says what to send instead.
    pub(super) fn codec(&self) -> Result<Codec, ApiError> {
        let Some(content_type) = self.content_type else { return Ok(Codec::Json) };
        // Nearly all say just that.
        if let Some(codec) =
            [Codec::Json, Codec::MsgPack].into_iter().find(|codec| content_type == codec.content_type())
        {
            return Ok(codec);
        }
        Codec::of_content_type(Some(content_type.to_str().unwrap_or("?"))).ok_or_else(|| {
            ApiError::of(ErrorCode::UnsupportedMediaType).with_reason(
                "Content type is not supported: send `Content-Type: application/json` or `application/msgpack`",
            )
        })
    }

    /// Checks the request line and the headers against their limits.
    pub(super) fn check_size(&self, uri: &Uri, limits: &Limits) -> Result<(), ApiError> {
        let line = uri.path_and_query().map_or(0, |path| path.as_str().len()) as u64;
        if line > limits.request_line {
            let limit = limits.request_line;
            let reason = format!("The request line is too long: the limit is {limit} bytes (`request_line`)");
            return Err(ApiError::of(ErrorCode::InvalidRequest).with_status(414).with_reason(reason));
        }
        if self.size as u64 > limits.headers {
            let limit = limits.headers;
            let reason = format!("The headers are too long: the limit is {limit} bytes (`headers`)");
            return Err(ApiError::of(ErrorCode::InvalidRequest).with_status(431).with_reason(reason));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;
    use http::{HeaderMap, HeaderValue};

    use super::ParsedHead;
    use crate::call::Credentials;

    #[test]
    fn two_authorizations_are_no_credentials() {
        let mut headers = HeaderMap::new();
        assert!(matches!(ParsedHead::read(&headers).credentials(), Credentials::None));
        headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer a_b"));
        assert!(matches!(ParsedHead::read(&headers).credentials(), Credentials::Token(_)));
        headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer a_b"));
        assert!(matches!(ParsedHead::read(&headers).credentials(), Credentials::Malformed));
    }

    #[test]
    fn a_trace_is_of_one_parent_and_may_have_a_state_in_parts() {
        const PARENT: HeaderValue = HeaderValue::from_static("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let mut headers = HeaderMap::new();
        headers.append("tracestate", HeaderValue::from_static("a=1"));
        assert_eq!(ParsedHead::read(&headers).trace(&headers), None);
        headers.append("traceparent", PARENT);
        headers.append("tracestate", HeaderValue::from_static("b=2"));
        let trace = ParsedHead::read(&headers).trace(&headers).unwrap();
        assert_eq!((trace.traceparent(), trace.tracestate()), (PARENT.to_str().unwrap(), Some("a=1,b=2")));
        headers.append("tracestate", HeaderValue::from_static("no state"));
        assert_eq!(ParsedHead::read(&headers).trace(&headers).unwrap().tracestate(), None);
        headers.append("traceparent", PARENT);
        assert_eq!(ParsedHead::read(&headers).trace(&headers), None);
    }
}
