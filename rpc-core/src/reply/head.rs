//! The head of an answer: headers, cookies, where to go next, how long it may be kept.

use std::time::Duration;

use http::header::{self, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::cookie::SetCookie;
use super::download::Download;
use super::error::ReplyError;

/// What an answer carries beside its envelope. Few do, so that it stands in a box of its own.
#[derive(Debug, Default)]
pub(crate) struct ReplyHead {
    pub(crate) headers: HeaderMap,
    pub(crate) location: Option<HeaderValue>,
    pub(crate) cache: Option<CacheControl>,
    /// An entity tag in quotes.
    pub(crate) etag: Option<HeaderValue>,
    /// A file in place of the envelope.
    pub(crate) download: Option<Download>,
}

/// How long an answer may be kept by whoever gets it. Without one, nobody keeps it (`no-store`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheControl {
    /// By everybody, shared caches between included, for so many whole seconds. For what is the same for all callers: of a method
    /// that does not admit everybody (`*`) it is [`Private`](Self::Private).
    Public(Duration),
    /// By the caller's own cache, for so many whole seconds.
    Private(Duration),
    /// By the caller's own cache, which asks each time whether it is still good: by its [entity tag](super::Reply::etag).
    Revalidate,
}

impl ReplyHead {
    /// Adds a header of the method's own.
    pub(super) fn header(&mut self, name: &str, value: &str) -> Result<(), ReplyError> {
        let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| ReplyError::BadHeaderName(name.to_owned()))?;
        if is_own(&known) {
            return Err(ReplyError::OwnHeader(known.to_string()));
        }
        let is_text = value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
        let value = HeaderValue::from_str(value).ok().filter(|_| is_text);
        let value = value.ok_or_else(|| ReplyError::BadHeaderValue(known.to_string()))?;
        self.headers.append(known, value);
        Ok(())
    }

    pub(super) fn cookie(&mut self, cookie: &SetCookie) -> Result<(), ReplyError> {
        let line = cookie.line()?;
        let mut value = HeaderValue::from_str(&line).map_err(|_| cookie.fault("it is no visible ASCII"))?;
        value.set_sensitive(true);
        self.headers.append(SET_COOKIE, value);
        Ok(())
    }

    pub(super) fn redirect(&mut self, location: &str) -> Result<(), ReplyError> {
        let bad = || ReplyError::BadLocation(location.to_owned());
        if !leads_somewhere(location) {
            return Err(bad());
        }
        self.location = Some(HeaderValue::from_str(location).map_err(|_| bad())?);
        Ok(())
    }

    /// Takes back what would let shared caches give the answer to callers whom the method does not admit.
    pub(crate) fn keep_from_others(&mut self) {
        if let Some(CacheControl::Public(age)) = self.cache {
            self.cache = Some(CacheControl::Private(age));
        }
    }

    /// Whether it says something to caches.
    pub(crate) fn is_for_caches(&self) -> bool {
        self.cache.is_some() || self.etag.is_some()
    }

    /// All headers that an answer over plain HTTP has beside those of its envelope, but for the cache's.
    pub(crate) fn all_headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.headers.iter().chain(self.location.as_ref().map(|location| (&LOCATION, location)))
    }
}

impl CacheControl {
    /// The value of `Cache-Control`.
    pub(crate) fn value(self) -> String {
        match self {
            Self::Public(age) => format!("public, max-age={}", age.as_secs()),
            Self::Private(age) => format!("private, max-age={}", age.as_secs()),
            Self::Revalidate => "private, no-cache".to_owned(),
        }
    }

    /// The headers of the request that the answer depends on. The codec is that of the request's content type. Who knows callers
    /// by headers of its own may go by any of them.
    pub(crate) fn vary(self, knows_by_head: bool) -> &'static str {
        match self {
            Self::Public(_) => "Content-Type",
            Self::Private(_) | Self::Revalidate if knows_by_head => "*",
            Self::Private(_) | Self::Revalidate => "Content-Type, Authorization, Cookie",
        }
    }
}

/// Whether a header is the framework's, or the connection's.
fn is_own(name: &HeaderName) -> bool {
    const OWN: [HeaderName; 22] = [
        header::ACCEPT_RANGES,
        header::AGE,
        header::ALLOW,
        header::CACHE_CONTROL,
        header::CONNECTION,
        header::CONTENT_DISPOSITION,
        header::CONTENT_ENCODING,
        header::CONTENT_LENGTH,
        header::CONTENT_RANGE,
        header::CONTENT_TYPE,
        header::DATE,
        header::ETAG,
        header::EXPIRES,
        LOCATION,
        header::RETRY_AFTER,
        SET_COOKIE,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
        header::WWW_AUTHENTICATE,
        header::X_CONTENT_TYPE_OPTIONS,
    ];
    let name_text = name.as_str();
    let is_of_connection = ["keep-alive", "proxy-connection", "x-request-id"].contains(&name_text);
    is_of_connection || name_text.starts_with("access-control-") || OWN.contains(name)
}

/// Whether a location is a path of this server, or a URL of the web. `//host` and `/\host` look like paths and are none.
fn leads_somewhere(location: &str) -> bool {
    let is_sane = location.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    if !is_sane {
        return false;
    }
    if location.starts_with('/') {
        return !location.starts_with("//");
    }
    let has_scheme = ["http://", "https://"].iter().any(|scheme| location.starts_with(scheme));
    let uri = || location.parse::<Uri>().ok().and_then(|uri| Some(!uri.authority()?.as_str().contains('@')));
    has_scheme && uri() == Some(true)
}

#[cfg(test)]
mod tests {
    use super::{ReplyError, ReplyHead};

    #[test]
    fn headers_of_the_framework_and_of_connections_are_refused() {
        let mut head = ReplyHead::default();
        for name in ["content-type", "Content-Length", "transfer-encoding", "X-Request-Id", "set-cookie", "keep-alive"]
        {
            assert!(matches!(head.header(name, "x"), Err(ReplyError::OwnHeader(_))), "{name}");
        }
        assert!(matches!(head.header("access-control-allow-origin", "*"), Err(ReplyError::OwnHeader(_))));
        assert!(matches!(head.header("a b", "x"), Err(ReplyError::BadHeaderName(_))));
        for value in ["a\r\nb: c", "a\nb", "\0", "ä"] {
            assert!(matches!(head.header("x-a", value), Err(ReplyError::BadHeaderValue(_))), "{value:?}");
        }
        head.header("Link", "</a>; rel=next").unwrap();
        assert_eq!(head.headers["link"], "</a>; rel=next");
    }

    #[test]
    fn a_redirect_leads_to_a_path_or_a_url() {
        let mut head = ReplyHead::default();
        for good in ["/", "/v1/a?b=c#d", "https://a.example/x", "http://a.example:8080", "/a%20b"] {
            assert_eq!(head.redirect(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "a",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "ftp://a",
            "https://",
            "https:///a",
            "/a b",
            "/a\r\nx: y",
            "/ä",
            "https://a@evil.example/",
        ] {
            assert!(head.redirect(bad).is_err(), "{bad:?}");
        }
    }
}
