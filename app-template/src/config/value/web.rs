//! Addresses on the web.

use std::fmt;

use http::Uri;
use http::uri::Scheme;

use super::OptionValue;

/// Where the world reaches the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl(Uri);

impl PublicUrl {
    /// Whether what is sent there is encrypted on the way.
    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == Some(&Scheme::HTTPS)
    }

    /// Whether nothing follows the host and port.
    pub(super) fn is_origin(&self) -> bool {
        self.0.path() == "/"
    }
}

impl OptionValue for PublicUrl {
    const KIND: &'static str = "URL";
    const EXPECTED: &'static str = "an http or https URL";

    fn parse(text: &str) -> Option<Self> {
        let url: Uri = text.parse().ok()?;
        let is_web = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&url.scheme());
        let has_user = url.authority().is_none_or(|authority| authority.as_str().contains('@'));
        (is_web && !has_user && url.query().is_none()).then_some(Self(url))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A URL that is asked without encryption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpUrl(Uri);

impl HttpUrl {
    /// Host and port, as in a `Host` header and to connect to.
    pub(crate) fn authority(&self) -> (String, u16) {
        let host = self.0.host().unwrap_or_default().trim_matches(['[', ']']);
        (host.to_owned(), self.0.port_u16().unwrap_or(80))
    }

    /// What a `Host` header says.
    pub(crate) fn host_header(&self) -> &str {
        self.0.authority().map_or("", |authority| authority.as_str())
    }

    /// The path, with its query.
    pub(crate) fn path(&self) -> &str {
        self.0.path_and_query().map_or("/", |path| path.as_str())
    }
}

impl OptionValue for HttpUrl {
    const KIND: &'static str = "URL";
    const EXPECTED: &'static str = "an http URL";

    fn parse(text: &str) -> Option<Self> {
        let url: Uri = text.parse().ok()?;
        let is_plain = url.scheme() == Some(&Scheme::HTTP);
        let has_user = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
        (is_plain && url.host().is_some_and(|host| !host.is_empty()) && !has_user).then_some(Self(url))
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A path of the server that others lie below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prefix(String);

impl Prefix {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl OptionValue for Prefix {
    const KIND: &'static str = "path";
    const EXPECTED: &'static str = "a path, such as /api";

    fn parse(text: &str) -> Option<Self> {
        let segments = text.strip_prefix('/')?;
        let is_word = |segment: &str| {
            !["", ".", ".."].contains(&segment)
                && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
        };
        (text.len() <= 256 && segments.split('/').all(is_word)).then(|| Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{HttpUrl, OptionValue, Prefix, PublicUrl};

    #[test]
    fn a_public_url_is_a_web_address() {
        for (text, expected) in [
            ("https://api.example.com", Some(true)),
            ("http://127.0.0.1:8080/app", Some(false)),
            ("ftp://example.com", None),
            ("example.com", None),
            ("/v1", None),
            ("https://", None),
            ("https://example.com/?a=1", None),
            ("https://ann:secret@example.com", None),
            ("", None),
        ] {
            assert_eq!(PublicUrl::parse(text).map(|url| url.is_https()), expected, "{text}");
        }
    }

    #[test]
    fn a_url_to_ask_has_a_host_and_a_port() {
        for (text, expected) in [
            ("http://127.0.0.1:8080/readyz", Some(("127.0.0.1", 8080, "/readyz"))),
            ("http://[::1]:1", Some(("::1", 1, "/"))),
            ("http://app", Some(("app", 80, "/"))),
            ("https://app", None),
            ("http://ann@app", None),
            ("app:80", None),
        ] {
            let url = HttpUrl::parse(text);
            let parts = url.as_ref().map(|url| (url.authority(), url.path()));
            let parts = parts.as_ref().map(|((host, port), path)| (host.as_str(), *port, *path));
            assert_eq!(parts, expected, "{text}");
        }
    }

    #[test]
    fn a_prefix_is_a_path_of_plain_segments() {
        for (text, is_good) in [
            ("/api", true),
            ("/a/b-2", true),
            ("/", false),
            ("api", false),
            ("/api/", false),
            ("/a b", false),
            ("/a?b", false),
            ("/..", false),
            ("/./a", false),
            (&format!("/{}", "x".repeat(256)), false),
        ] {
            assert_eq!(Prefix::parse(text).is_some(), is_good, "{text}");
        }
    }
}
