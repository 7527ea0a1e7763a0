//! A cookie that an answer sets (RFC 6265).

use std::time::Duration;

use super::error::ReplyError;

/// Bytes of name and value together that browsers take.
const LONGEST: usize = 4096;

/// A cookie that an answer sets, safe unless told otherwise: no script reads it (`HttpOnly`), it travels over TLS only (`Secure`),
/// pages of others do not send it along with their calls (`SameSite=Lax`), it is for all paths (`Path=/`), for this host alone, and
/// ends with the browser's session.
///
/// A name that begins with `__Host-` makes browsers insist on most of that.
///
/// ```
/// use std::time::Duration;
/// use rpc_core::{ApiError, Reply, SameSite, SetCookie};
///
/// # fn signed_in(secret: &str) -> Result<Reply<()>, ApiError> {
/// let day = Duration::from_secs(86_400);
/// let cookie = SetCookie::new("__Host-session", secret).same_site(SameSite::Strict).max_age(day);
/// Ok(Reply::new(()).cookie(&cookie)?)
/// # }
/// # signed_in("s").unwrap();
/// ```
///
/// A cookie that is a credential lets other sites call in its owner's name, unless the server checks who calls: see
/// [`AuthRequest::cookie`](crate::AuthRequest::cookie).
#[derive(Clone, PartialEq, Eq)]
pub struct SetCookie {
    name: String,
    value: String,
    path: String,
    domain: Option<String>,
    max_age: Option<Duration>,
    same_site: SameSite,
    is_secure: bool,
    is_http_only: bool,
}

/// Whose pages send a cookie along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SameSite {
    /// Pages of the same site.
    Strict,
    /// These, and links of others that are followed.
    #[default]
    Lax,
    /// All pages. Browsers take it with `Secure` only.
    None,
}

impl SetCookie {
    /// A cookie with safe attributes. [`Reply::cookie`](crate::Reply::cookie) checks all of it.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            path: "/".to_owned(),
            domain: None,
            max_age: None,
            same_site: SameSite::Lax,
            is_secure: true,
            is_http_only: true,
        }
    }

    /// One that makes browsers forget the cookie of this name. Path and domain have to be those that it was set with.
    pub fn removed(name: impl Into<String>) -> Self {
        Self::new(name, "").max_age(Duration::ZERO)
    }

    /// Sets how long browsers keep it, in whole seconds.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Sets whose pages send it along.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Sets the path at and below which it is sent.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets the domain to whose hosts it is sent, in place of this host alone.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Lets it travel without TLS, as on a developer's own machine.
    #[must_use]
    pub fn insecure(mut self) -> Self {
        self.is_secure = false;
        self
    }

    /// Lets scripts read it.
    #[must_use]
    pub fn readable_by_scripts(mut self) -> Self {
        self.is_http_only = false;
        self
    }

    pub(super) fn fault(&self, reason: &'static str) -> ReplyError {
        ReplyError::BadCookie { name: self.name.clone(), reason }
    }

    fn check(&self) -> Result<(), ReplyError> {
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        let is_octet = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        let is_bad_domain = |domain: &String| domain.is_empty() || !domain.bytes().all(is_host);
        let lower = self.name.to_ascii_lowercase();
        let has_prefix = |prefix: &str| lower.starts_with(prefix);
        let faults = [
            (
                self.name.is_empty() || !self.name.bytes().all(is_token),
                "its name is a word of ASCII letters, digits, - and _",
            ),
            (
                !self.value.bytes().all(is_octet),
                "its value is visible ASCII without blanks, quotes, commas, semicolons and \\",
            ),
            (self.name.len() + self.value.len() > LONGEST, "name and value together are at most 4096 bytes"),
            (
                !self.path.starts_with('/') || !self.path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b';'),
                "its path begins with /, and is visible ASCII without semicolons",
            ),
            (self.domain.as_ref().is_some_and(is_bad_domain), "its domain is the name of a host"),
            (self.same_site == SameSite::None && !self.is_secure, "with `SameSite=None` it has to be secure"),
            (has_prefix("__secure-") && !self.is_secure, "with the prefix `__Secure-` it has to be secure"),
            (
                has_prefix("__host-") && (!self.is_secure || self.domain.is_some() || self.path != "/"),
                "with the prefix `__Host-` it has to be secure, for the path /, and without a domain",
            ),
        ];
        let fault = faults.into_iter().find(|(is_fault, _)| *is_fault);
        fault.map_or(Ok(()), |(_, reason)| Err(self.fault(reason)))
    }

    /// The value of `Set-Cookie`.
    pub(super) fn line(&self) -> Result<String, ReplyError> {
        self.check()?;
        let mut line = format!("{}={}; Path={}", self.name, self.value, self.path);
        if let Some(domain) = &self.domain {
            line += &format!("; Domain={domain}");
        }
        if let Some(age) = self.max_age {
            line += &format!("; Max-Age={}", age.as_secs());
        }
        line += match self.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
        };
        line += if self.is_secure { "; Secure" } else { "" };
        line += if self.is_http_only { "; HttpOnly" } else { "" };
        Ok(line)
    }
}

/// Without the value, which may be a credential.
impl std::fmt::Debug for SetCookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SetCookie").field("name", &self.name).field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{SameSite, SetCookie};

    #[test]
    fn a_cookie_is_safe_unless_told_otherwise() {
        let line = |cookie: SetCookie| cookie.line().unwrap();
        assert_eq!(line(SetCookie::new("a", "b")), "a=b; Path=/; SameSite=Lax; Secure; HttpOnly");
        assert_eq!(line(SetCookie::removed("a")), "a=; Path=/; Max-Age=0; SameSite=Lax; Secure; HttpOnly");
        let open = SetCookie::new("a", "b").insecure().readable_by_scripts().same_site(SameSite::Strict);
        let open = open.path("/x").domain("a.example").max_age(Duration::from_secs(5));
        assert_eq!(line(open), "a=b; Path=/x; Domain=a.example; Max-Age=5; SameSite=Strict");
        assert!(!format!("{:?}", SetCookie::new("a", "secret")).contains("secret"));
    }

    #[test]
    fn what_would_mean_something_else_is_refused() {
        let good = SetCookie::new("a", "b");
        for cookie in [
            SetCookie::new("", "b"),
            SetCookie::new("a=b", "c"),
            SetCookie::new("a b", "c"),
            SetCookie::new("a", "b; Domain=evil.example"),
            SetCookie::new("a", "b\r\nx: y"),
            SetCookie::new("a", "ä"),
            SetCookie::new("a", "x".repeat(4096)),
            good.clone().path("x"),
            good.clone().path("/;Secure"),
            good.clone().domain(""),
            good.clone().domain("a;b"),
            good.insecure().same_site(SameSite::None),
            SetCookie::new("__Secure-a", "b").insecure(),
            SetCookie::new("__Host-a", "b").path("/x"),
            SetCookie::new("__host-a", "b").domain("a.example"),
        ] {
            assert!(cookie.line().is_err(), "{cookie:?}");
        }
    }
}
