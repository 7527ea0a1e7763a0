//! The headers that tell browsers which pages may read answers (CORS, Fetch standard).

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, request};

use super::origin::{Origins, Page};

impl Origins {
    /// Tells the browser that the page may read the answer.
    pub(super) fn mark(&self, request: &request::Parts, response: &mut HeaderMap) {
        let Some(origin) = request.headers.get(ORIGIN) else { return };
        response.append(VARY, HeaderValue::from_static("Origin"));
        if self.judge(request) == Page::Allowed {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("X-Request-Id, Retry-After"));
        }
    }

    /// Answers a preflight request.
    pub(super) fn mark_preflight(&self, request: &request::Parts, response: &mut HeaderMap) {
        if self.judge(request) == Page::Allowed {
            response.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(super::ALLOWED_VERBS));
            let headers = "Authorization, Content-Type, Content-Encoding, X-Request-Id, API-Call-Void, X-API-Void-Call, traceparent";
            response.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(headers));
            response.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
}
