//! Which web pages may call: one decision for CORS and WebSocket.
//!
//! A page of the server itself may, but its name proves nothing: whoever owns a name can point it at this server (DNS
//! rebinding), and then a browser takes pages of the owner for pages of the server. Nobody owns `localhost` and addresses. So
//! an `Origin` that equals the request's own host counts where that is one of these; any other name has to be allowed. Names
//! below `localhost` do not count: not every resolver keeps them on the machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue, request};

use crate::error::{ApiError, ErrorCode};

/// The origins of web pages that may call, beside the server's own.
#[derive(Debug, Clone, Default)]
pub(super) struct Origins {
    allowed: Vec<Box<str>>,
    /// What was to be allowed and is no origin, and why.
    refused: Vec<(Box<str>, &'static str)>,
}

/// The page that a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// None: programs send no `Origin`.
    None,
    /// One that may read answers.
    Allowed,
    /// One that may not: its browser prevents it.
    Foreign,
    /// One that may not, although its browser takes it for a page of this server and lets it.
    Rebound,
}

/// The error for a page that may not call.
pub(super) fn refused() -> ApiError {
    ApiError::of(ErrorCode::Forbidden).with_reason(
        "Pages of this origin may not call: it is neither that of `public_url` nor one of `allowed_origins`",
    )
}

impl Origins {
    /// Adds an origin: `https://app.example.com`.
    pub(super) fn allow(&mut self, origin: &str) {
        match fault(origin) {
            None => self.allowed.push(origin.into()),
            Some(reason) => self.refused.push((origin.into(), reason)),
        }
    }

    /// Adds the origin of a URL.
    pub(super) fn allow_of(&mut self, url: &str) {
        let after_scheme = url.find("://").map_or(0, |index| index + 3);
        let end = url[after_scheme..].find(['/', '?', '#']).map_or(url.len(), |end| after_scheme + end);
        self.allow(&url[..end]);
    }

    /// What was to be allowed and is no origin, with the reasons.
    pub(super) fn faults(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.refused.iter().map(|(origin, reason)| (&**origin, *reason))
    }

    /// Whether a WebSocket may be opened.
    pub(super) fn allows(&self, request: &request::Parts) -> bool {
        matches!(self.judge(request), Page::None | Page::Allowed)
    }

    /// Judges the page of a request by its origin, and by its host where that matters.
    pub(super) fn judge(&self, request: &request::Parts) -> Page {
        if !request.headers.contains_key(ORIGIN) {
            return Page::None;
        }
        let Some(origin) = only(&request.headers, &ORIGIN).and_then(Origin::parse) else { return Page::Foreign };
        if self.allowed.iter().any(|allowed| Origin::parse(allowed) == Some(origin)) {
            return Page::Allowed;
        }
        // The authority of the target goes before the header (RFC 9112, section 3.2.2); HTTP/2 has `:authority`.
        let authority = request.uri.authority().map(http::uri::Authority::as_str);
        match authority.or_else(|| only(&request.headers, &HOST)) {
            Some(host) if !origin.is_at(host) => Page::Foreign,
            Some(_) if origin.host.is_nobodys() => Page::Allowed,
            Some(_) => Page::Rebound,
            None => Page::Foreign,
        }
    }
}

/// Why a text is the origin of no web page.
fn fault(text: &str) -> Option<&'static str> {
    if text == "*" {
        return Some("all pages cannot be allowed; name each origin");
    }
    let Some((scheme, authority)) = text.split_once("://") else { return Some("it has no scheme, such as https://") };
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    if !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) || !scheme.bytes().all(is_scheme) {
        return Some("its scheme is none");
    }
    if authority.contains('@') {
        return Some("it has credentials, which no origin has");
    }
    if authority.contains(['/', '?', '#']) {
        return Some("something follows its host and port; leave the path out");
    }
    split(authority).is_none().then_some("its host or its port is none")
}

/// The value of a header that is there once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut lines = headers.get_all(name).iter().map(HeaderValue::to_str);
    match (lines.next(), lines.next()) {
        (Some(Ok(line)), None) => Some(line),
        _ => None,
    }
}

/// Scheme, host and port (RFC 6454), compared as what they mean.
#[derive(Debug, Clone, Copy)]
struct Origin<'t> {
    scheme: &'t str,
    host: Host<'t>,
    port: Option<u16>,
}

#[derive(Debug, Clone, Copy)]
enum Host<'t> {
    Address(IpAddr),
    Name(&'t str),
}

impl<'t> Origin<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let (host, port) = split(authority)?;
        Some(Self { scheme, host, port: port.or_else(|| default_port(scheme)) })
    }

    /// Whether it is the origin of what this authority serves.
    fn is_at(self, authority: &str) -> bool {
        let Some(default) = default_port(self.scheme) else { return false };
        split(authority).is_some_and(|(host, port)| host == self.host && self.port == port.or(Some(default)))
    }
}

impl PartialEq for Origin<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme) && self.host == other.host && self.port == other.port
    }
}

impl Host<'_> {
    /// Whether nobody can point it at this server.
    fn is_nobodys(self) -> bool {
        match self {
            Self::Address(_) => true,
            Self::Name(name) => name.eq_ignore_ascii_case("localhost"),
        }
    }
}

impl PartialEq for Host<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Address(one), Self::Address(other)) => one == other,
            (Self::Name(one), Self::Name(other)) => one.eq_ignore_ascii_case(other),
            _ => false,
        }
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        _ if scheme.eq_ignore_ascii_case("http") => Some(80),
        _ if scheme.eq_ignore_ascii_case("https") => Some(443),
        _ => None,
    }
}

/// Host and port of an authority (RFC 3986, section 3.2) without user information.
fn split(authority: &str) -> Option<(Host<'_>, Option<u16>)> {
    if let Some(literal) = authority.strip_prefix('[') {
        let (address, rest) = literal.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let port = if rest.is_empty() { None } else { Some(port(rest.strip_prefix(':')?)?) };
        return Some((Host::Address(address.into()), port));
    }
    let (name, port) = match authority.split_once(':') {
        Some((name, digits)) => (name, Some(port(digits)?)),
        None => (authority, None),
    };
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) {
        return None;
    }
    let host = name.parse().map_or(Host::Name(name), |address: Ipv4Addr| Host::Address(address.into()));
    Some((host, port))
}

fn port(digits: &str) -> Option<u16> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use http::header::{HOST, ORIGIN};
    use http::{HeaderValue, Request, request};

    use super::{Origins, Page};

    fn request(target: &str, hosts: &[&str], origins: &[&str]) -> request::Parts {
        let (mut parts, ()) = Request::get(target).body(()).unwrap().into_parts();
        for (name, values) in [(HOST, hosts), (ORIGIN, origins)] {
            for value in values {
                parts.headers.append(&name, HeaderValue::from_str(value).unwrap());
            }
        }
        parts
    }

    fn judge(target: &str, host: &str, origin: &str) -> Page {
        let mut origins = Origins::default();
        origins.allow_of("https://public.example/app");
        origins.allow("https://Other.example:8443");
        origins.allow("https://[2001:db8::1]");
        origins.allow("capacitor://localhost");
        origins.judge(&request(target, &[host], &[origin]))
    }

    #[test]
    fn a_page_of_the_server_counts_where_nobody_owns_its_name() {
        for (host, origin) in [
            ("localhost:8080", "http://localhost:8080"),
            ("LOCALHOST:8080", "http://LocalHost:8080"),
            ("localhost", "http://localhost"),
            ("localhost:80", "http://localhost"),
            ("localhost", "http://localhost:80"),
            ("localhost", "https://localhost"),
            ("localhost:443", "https://localhost"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("192.0.2.1", "https://192.0.2.1"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("[0:0:0:0:0:0:0:1]", "http://[::1]"),
        ] {
            assert_eq!(judge("/", host, origin), Page::Allowed, "{host} {origin}");
        }
    }

    #[test]
    fn a_name_that_somebody_owns_does_not_count() {
        for (host, origin) in [
            ("evil.example", "http://evil.example"),
            ("evil.example:8080", "http://EVIL.example:8080"),
            ("evil.example:80", "http://evil.example"),
            ("localhost.", "http://localhost."),
            ("a.localhost", "http://a.localhost"),
            ("localhost.evil.example", "http://localhost.evil.example"),
            ("127.0.0.1.evil.example", "http://127.0.0.1.evil.example"),
            ("127.1", "http://127.1"),
            ("0x7f.0.0.1", "http://0x7f.0.0.1"),
            ("2130706433", "http://2130706433"),
        ] {
            assert_eq!(judge("/", host, origin), Page::Rebound, "{host} {origin}");
        }
    }

    #[test]
    fn pages_of_other_origins_are_foreign() {
        for (host, origin) in [
            ("localhost:8080", "http://localhost:8081"),
            ("localhost:8080", "http://localhost"),
            ("localhost:443", "http://localhost"),
            ("localhost", "http://127.0.0.1"),
            ("localhost", "null"),
            ("localhost", ""),
            ("localhost", "localhost"),
            ("localhost", "http://localhost/"),
            ("localhost", "http://localhost@evil.example"),
            ("localhost", "http://evil.example@localhost"),
            ("localhost", "http://localhost:"),
            ("localhost", "http://localhost:+80"),
            ("localhost", "http://localhost:80:80"),
            ("localhost", "http://localhost, http://evil.example"),
            ("localhost", "ftp://localhost"),
            ("evil@localhost", "http://localhost"),
            ("[::1]", "http://::1"),
            ("[::1%1]", "http://[::1%1]"),
            ("[::1]x", "http://[::1]"),
            ("api.example", "https://public.example.evil"),
            ("api.example", "http://public.example"),
            ("api.example", "https://other.example"),
        ] {
            assert_eq!(judge("/", host, origin), Page::Foreign, "{host} {origin}");
        }
    }

    #[test]
    fn what_no_page_comes_from_is_refused_with_its_reason() {
        for (text, reason) in [
            ("*", "name each origin"),
            ("null", "no scheme"),
            ("", "no scheme"),
            ("app.example", "no scheme"),
            ("1a://app.example", "scheme is none"),
            ("https://ann:secret@app.example", "credentials"),
            ("https://app.example/", "leave the path out"),
            ("https://app.example/shop", "leave the path out"),
            ("https://app.example?a", "leave the path out"),
            ("https://", "host or its port"),
            ("https://*.app.example", "host or its port"),
            ("https://app.example:", "host or its port"),
            ("https://app.example:99999", "host or its port"),
            ("https://app example", "host or its port"),
        ] {
            let mut origins = Origins::default();
            origins.allow(text);
            let found: Vec<_> = origins.faults().collect();
            assert!(matches!(&found[..], [(bad, why)] if *bad == text && why.contains(reason)), "{text}: {found:?}");
        }
        let mut origins = Origins::default();
        for url in ["https://app.example/shop?a=/b", "https://app.example", "http://[::1]:8080/#a"] {
            origins.allow_of(url);
        }
        assert_eq!((origins.faults().count(), origins.allowed.len()), (0, 3));
        origins.allow_of("https://ann@app.example/shop");
        assert_eq!(origins.faults().count(), 1);
    }

    #[test]
    fn listed_origins_count_at_any_host() {
        for host in ["api.example", "localhost:8080", "evil.example"] {
            for origin in [
                "https://public.example",
                "https://public.example:443",
                "HTTPS://Public.Example",
                "https://other.example:8443",
                "https://[2001:db8:0::1]",
                "capacitor://localhost",
            ] {
                assert_eq!(judge("/", host, origin), Page::Allowed, "{host} {origin}");
            }
        }
    }

    #[test]
    fn the_authority_of_the_target_goes_before_the_header() {
        assert_eq!(judge("http://evil.example/", "localhost", "http://localhost"), Page::Foreign);
        assert_eq!(judge("http://evil.example/", "localhost", "http://evil.example"), Page::Rebound);
        assert_eq!(judge("http://localhost:8080/", "evil.example", "http://localhost:8080"), Page::Allowed);
    }

    #[test]
    fn what_is_there_twice_proves_nothing() {
        let judge = |hosts: &[&str], origins: &[&str]| Origins::default().judge(&request("/", hosts, origins));
        assert_eq!(judge(&["localhost"], &[]), Page::None);
        assert_eq!(judge(&["localhost"], &["http://localhost", "http://localhost"]), Page::Foreign);
        assert_eq!(judge(&["localhost", "localhost"], &["http://localhost"]), Page::Foreign);
        assert_eq!(judge(&[], &["http://localhost"]), Page::Foreign);
    }
}
