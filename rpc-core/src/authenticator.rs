//! Authenticators: who knows the tokens.

use std::any::Any;
use std::error::Error;
use std::net::IpAddr;

use async_trait::async_trait;
use http::HeaderMap;

use crate::call::{CallHead, CookieUse, Token, Transport, cookies, header_text};
use crate::identity::Identity;

/// Finds out who calls: by a token, and where it wants to by anything else in the head of the request.
///
/// One that remembers what it found listens to the [`Bus`](crate::Bus) for what makes that void, and began to before the
/// [`Api`](crate::Api) was built: listeners hear in that order, and sockets that hear of a change ask again at once.
///
/// Most know tokens only:
///
/// ```
/// use rpc_core::{AuthError, AuthRequest, Authenticator, Identity, Token, User};
///
/// struct OneToken;
///
/// #[async_trait::async_trait]
/// impl Authenticator for OneToken {
///     async fn authenticate(&self, token: &Token, _: &AuthRequest<'_>) -> Result<Identity, AuthError> {
///         match token.expose() {
///             "secret" => Ok(User::new("1", "ann").into()),
///             _ => Err(AuthError::BadToken),
///         }
///     }
/// }
/// ```
///
/// One that [reads the head](Self::reads_head) knows callers by a header of its own, by a cookie, or by a client certificate that a
/// proxy has checked:
///
/// ```
/// use rpc_core::{AuthError, AuthRequest, Authenticator, Identity, Token, User};
///
/// struct Keys;
///
/// #[async_trait::async_trait]
/// impl Authenticator for Keys {
///     async fn authenticate(&self, _: &Token, _: &AuthRequest<'_>) -> Result<Identity, AuthError> {
///         Err(AuthError::BadToken)
///     }
///
///     fn reads_head(&self) -> bool {
///         true
///     }
///
///     async fn authenticate_head(&self, request: &AuthRequest<'_>) -> Result<Identity, AuthError> {
///         match request.header("x-api-key") {
///             None => Ok(Identity::guest()),
///             Some("secret") => Ok(User::new("1", "ann").into()),
///             Some(_) => Err(AuthError::BadToken),
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// The identity behind a token. `request` tells with what it came.
    ///
    /// # Errors
    ///
    /// [`AuthError::BadToken`] for whatever makes the token no good (malformed, unknown, expired, disabled: callers
    /// cannot tell which), [`AuthError::Unavailable`] when it cannot be found out now.
    async fn authenticate(&self, token: &Token, request: &AuthRequest<'_>) -> Result<Identity, AuthError>;

    /// Whether it looks at more than tokens. One that does sees the headers, and is asked about calls without a token too; for
    /// one that does not, nothing of the head is kept, and whoever has no token is a guest. Always the same. Default: no.
    fn reads_head(&self) -> bool {
        false
    }

    /// The identity behind a call without a token; a guest when there is nothing of a credential in it. Asked only of those that
    /// [read the head](Self::reads_head).
    ///
    /// A credential that is there and is no good is an error, as for a token: a caller who believes to be signed in is not
    /// answered as a guest.
    ///
    /// # Errors
    ///
    /// As for [`authenticate`](Self::authenticate).
    async fn authenticate_head(&self, request: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        let _ = request;
        Ok(Identity::guest())
    }
}

/// What a call came with, for an [`Authenticator`]. `Debug` shows the names of headers, and no value.
#[derive(Debug)]
pub struct AuthRequest<'r> {
    head: &'r CallHead<'r>,
    client: Option<IpAddr>,
    transport: Transport,
}

impl<'r> AuthRequest<'r> {
    pub(crate) fn new(head: &'r CallHead<'r>, client: Option<IpAddr>, transport: Transport) -> Self {
        Self { head, client, transport }
    }

    /// A call from inside the process, without a head; for tests of authenticators.
    #[must_use]
    pub fn in_process() -> Self {
        Self::new(&CallHead::NONE, None, Transport::InProcess)
    }

    /// The same without the head.
    pub(crate) fn without_head(self) -> Self {
        Self { head: &CallHead::NONE, ..self }
    }

    /// The address of the caller; `None` for calls from inside the process.
    #[must_use]
    pub fn client(&self) -> Option<IpAddr> {
        self.client
    }

    /// How the call came in. Over a WebSocket the head is that of its upgrade.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The value of a header that is there once, and is visible ASCII. What is there twice proves nothing. Cookies are not among them:
    /// see [`cookie`](Self::cookie).
    ///
    /// A header that a proxy sets, such as the subject of a client certificate, can be sent by anybody who reaches the server past
    /// the proxy: look at [`client`](Self::client) too, or bind the server to an address that only the proxy reaches.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'r str> {
        let headers = self.headers();
        let is_once = headers.get_all(name).iter().nth(1).is_none();
        header_text(headers, name).filter(|_| is_once && !name.eq_ignore_ascii_case("cookie"))
    }

    /// The value of a cookie that is a credential.
    ///
    /// A browser sends cookies along whichever page made it call (cross-site request forgery). So one counts only where the
    /// browser says that a page of this server, or of an [allowed origin](crate::http::HttpService::allow_origin), calls: by
    /// `Origin`, else by `Sec-Fetch-Site: same-origin`. For GET and HEAD, which every page can cause, there are none; for the upgrade
    /// to a WebSocket there are.
    ///
    /// # Errors
    ///
    /// [`AuthError::CrossSite`] where it is there and does not count, [`AuthError::BadToken`] where it is there twice.
    pub fn cookie(&self, name: &str) -> Result<Option<&'r str>, AuthError> {
        let use_ = self.head.cookie_use();
        if use_ == CookieUse::Ignored {
            return Ok(None);
        }
        let mut found = cookies(self.headers(), name);
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some(_), _) if use_ == CookieUse::Refused => Err(AuthError::CrossSite),
            (Some(_), Some(_)) => Err(AuthError::BadToken),
            (Some(value), None) => Ok(Some(value)),
        }
    }

    /// All headers. Take credentials from [`header`](Self::header) and [`cookie`](Self::cookie), which say when they count.
    #[must_use]
    pub fn headers(&self) -> &'r HeaderMap {
        self.head.headers()
    }

    /// What a `tower` layer before the API put into the request's extensions.
    #[must_use]
    pub fn extension<T: Any + Send + Sync>(&self) -> Option<&'r T> {
        self.head.extensions().get()
    }
}

/// Why a call gives no identity.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The token is no good.
    #[error("the token is malformed, unknown, expired or disabled")]
    BadToken,
    /// The credential is a cookie, and the call may come from a page of somebody else.
    #[error("the cookie does not count: the page that calls is not known to be one of this server")]
    CrossSite,
    /// The tokens cannot be checked now: whoever knows them does not answer.
    #[error("tokens cannot be checked now")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// An application without tokens: nobody has a good one.
#[derive(Debug)]
pub(crate) struct NoTokens;

#[async_trait]
impl Authenticator for NoTokens {
    async fn authenticate(&self, _: &Token, _: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        Err(AuthError::BadToken)
    }
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;
    use http::{Extensions, HeaderMap, HeaderValue};

    use super::{AuthError, AuthRequest};
    use crate::call::{CallHead, CookieUse, Transport};

    fn headers(name: &'static str, values: &[&'static str]) -> HeaderMap {
        values
            .iter()
            .map(|value| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect::<Vec<_>>()
            .into_iter()
            .fold(HeaderMap::new(), |mut all, (name, value): (http::HeaderName, _)| {
                all.append(name, value);
                all
            })
    }

    #[test]
    fn a_cookie_counts_once_and_where_the_page_may_call() {
        let extensions = Extensions::new();
        let cookie = |values: &[&'static str], cookies| {
            let headers = headers(COOKIE.as_str(), values);
            let head = CallHead::of(&headers, &extensions, cookies);
            let request = AuthRequest::new(&head, None, Transport::Http);
            request.cookie("s").map(|value| value.map(str::to_owned))
        };
        assert_eq!(cookie(&["s=1"], CookieUse::Count).unwrap().as_deref(), Some("1"));
        assert_eq!(cookie(&["t=1"], CookieUse::Refused).unwrap(), None);
        assert_eq!(cookie(&["s=1"], CookieUse::Ignored).unwrap(), None);
        assert!(matches!(cookie(&["s=1"], CookieUse::Refused), Err(AuthError::CrossSite)));
        assert!(matches!(cookie(&["s=1; s=2"], CookieUse::Count), Err(AuthError::BadToken)));
        assert!(matches!(cookie(&["s=1", "s=1"], CookieUse::Count), Err(AuthError::BadToken)));
    }

    #[test]
    fn a_cookie_is_no_header_of_its_own() {
        let (headers, extensions) = (headers("cookie", &["s=1"]), Extensions::new());
        let head = CallHead::of(&headers, &extensions, CookieUse::Refused);
        assert_eq!(AuthRequest::new(&head, None, Transport::Http).header("Cookie"), None);
    }

    #[test]
    fn a_header_that_is_there_twice_proves_nothing() {
        let extensions = Extensions::new();
        for (values, expected) in [(&["a"][..], Some("a")), (&["a", "a"], None), (&[], None)] {
            let headers = headers("x-key", values);
            let head = CallHead::of(&headers, &extensions, CookieUse::Count);
            assert_eq!(AuthRequest::new(&head, None, Transport::Http).header("x-key"), expected, "{values:?}");
        }
    }
}
