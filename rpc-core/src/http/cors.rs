//! Which web pages may read answers (CORS, Fetch standard).

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HOST, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue};

/// The origins of web pages that may call: the server's own, the public URL's, and a list.
#[derive(Debug, Clone, Default)]
pub(super) struct Origins {
    allowed: Vec<Box<str>>,
}

impl Origins {
    /// Adds an origin: `https://app.example.com`. A URL with a path counts as its origin.
    pub(super) fn allow(&mut self, url: &str) {
        let after_scheme = url.find("://").map_or(0, |place| place + 3);
        let end = url[after_scheme..].find('/').map_or(url.len(), |slash| after_scheme + slash);
        self.allowed.push(url[..end].to_ascii_lowercase().into());
    }

    /// Whether a page may call: no page at all, one of this server, or one of a listed origin.
    pub(super) fn allows(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let same_host = || {
            let authority = origin.split_once("://").map(|(_, authority)| authority);
            authority.zip(host).is_some_and(|(authority, host)| authority.eq_ignore_ascii_case(host))
        };
        self.allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)) || same_host()
    }

    /// Tells the browser that the page may read the answer.
    pub(super) fn mark(&self, request: &HeaderMap, response: &mut HeaderMap) {
        let Some(origin) = request.get(ORIGIN) else { return };
        response.append(VARY, HeaderValue::from_static("Origin"));
        if self.allows(request) {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("X-Request-Id, Retry-After"));
        }
    }

    /// Answers a preflight request.
    pub(super) fn mark_preflight(&self, request: &HeaderMap, response: &mut HeaderMap) {
        if request.contains_key(ORIGIN) && self.allows(request) {
            response.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(super::ALLOWED_VERBS));
            let headers = "Authorization, Content-Type, Content-Encoding, X-Request-Id, API-Call-Void, X-API-Void-Call, traceparent";
            response.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(headers));
            response.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::{HOST, ORIGIN};
    use http::{HeaderMap, HeaderValue};

    use super::Origins;

    #[test]
    fn origins_are_the_own_the_public_and_the_listed() {
        let mut origins = Origins::default();
        origins.allow("https://public.example/app");
        origins.allow("https://Other.example:8443");
        let allows = |origin: Option<&'static str>| {
            let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("api.example:8080"))]);
            headers.extend(origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin))));
            origins.allows(&headers)
        };
        for origin in
            [None, Some("http://api.example:8080"), Some("https://public.example"), Some("https://other.example:8443")]
        {
            assert!(allows(origin), "{origin:?}");
        }
        for origin in [
            "https://evil.example",
            "null",
            "http://api.example",
            "https://public.example.evil",
            "https://other.example",
        ] {
            assert!(!allows(Some(origin)), "{origin}");
        }
    }
}
