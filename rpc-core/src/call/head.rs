//! The head of the HTTP request that a call came in with: the headers, and what layers before the API have put beside them.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, LazyLock};

use http::header::COOKIE;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};

use crate::budget::{Account, Exhausted, Hold, Resource};

/// Bytes that a header takes beside its name and value: its entry in the table.
const ENTRY: usize = 128;

/// The head of the HTTP request that a call came in with, read-only: of the request itself, or of the upgrade for calls over a
/// WebSocket. Calls from inside the process have an empty one.
///
/// A method that takes `&RequestHead` gets it. For other methods nothing of a request's head is kept.
///
/// ```
/// # use rpc_core::{ApiError, RequestHead, api_method, api_module};
/// # api_module! {
/// #     /// Pages
/// #     path = "/v1/pages"
/// # }
/// /// The language that the caller prefers
/// #[api_method(path = "/v1/pages/language", permissions = ["*"])]
/// async fn language(head: &RequestHead) -> Result<Option<String>, ApiError> {
///     Ok(head.header("accept-language").map(str::to_owned))
/// }
/// ```
///
/// `Debug` shows the names of the headers and no value: values are secrets of many kinds.
#[derive(Default)]
pub struct RequestHead {
    headers: HeaderMap,
    extensions: Extensions,
    cookies: CookieUse,
    /// Its room in memory.
    _held: Option<Hold>,
}

/// Whether the cookies of a request are credentials. A browser sends them along whoever made it call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum CookieUse {
    /// They are: a page that may call sent them, or the process itself.
    #[default]
    Count,
    /// They are not, as for GET: any page can cause one.
    Ignored,
    /// It is not known that a page which may call sent them: who takes one for a credential refuses the call.
    Refused,
}

impl RequestHead {
    /// The head of a call from inside the process: empty.
    pub(crate) fn none() -> &'static Self {
        static NONE: LazyLock<RequestHead> = LazyLock::new(RequestHead::default);
        &NONE
    }

    /// Adds a header.
    pub(crate) fn add(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.append(name, value);
    }

    /// Adds an extension.
    pub(crate) fn extend<T: Clone + Send + Sync + 'static>(&mut self, extension: T) {
        self.extensions.insert(extension);
    }

    /// A copy for one call, or for the calls of this process.
    pub(crate) fn copied(&self) -> Self {
        Self { headers: self.headers.clone(), extensions: self.extensions.clone(), cookies: self.cookies, _held: None }
    }

    /// All headers, in lower case, in the order that they came in.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The value of a header, the first one where there are several. `None` where there is none, or it is no visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        text(&self.headers, name)
    }

    /// The value of a cookie, the first one where there are several. It proves nothing of who calls: see
    /// [`AuthRequest::cookie`](crate::AuthRequest::cookie) for that.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        cookies(&self.headers, name).next()
    }

    /// What a `tower` layer before the API put into the request's extensions.
    #[must_use]
    pub fn extension<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.extensions.get()
    }
}

impl fmt::Debug for RequestHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_names(&self.headers, f)
    }
}

/// The head of a call on its way in, without a copy: borrowed from the request, or shared by the calls of a connection.
///
/// Transports make it. The one by default is that of calls from inside the process: empty.
#[derive(Clone, Default)]
pub struct CallHead<'r>(Source<'r>);

#[derive(Clone, Default)]
enum Source<'r> {
    #[default]
    None,
    Request {
        headers: &'r HeaderMap,
        extensions: &'r Extensions,
        cookies: CookieUse,
    },
    Kept(Arc<RequestHead>),
}

impl<'r> CallHead<'r> {
    /// That of a call from inside the process.
    pub(crate) const NONE: Self = Self(Source::None);

    /// The head of a request.
    pub(crate) fn of(headers: &'r HeaderMap, extensions: &'r Extensions, cookies: CookieUse) -> Self {
        Self(Source::Request { headers, extensions, cookies })
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        match &self.0 {
            Source::None => &RequestHead::none().headers,
            Source::Request { headers, .. } => headers,
            Source::Kept(head) => &head.headers,
        }
    }

    pub(crate) fn extensions(&self) -> &Extensions {
        match &self.0 {
            Source::None => &RequestHead::none().extensions,
            Source::Request { extensions, .. } => extensions,
            Source::Kept(head) => &head.extensions,
        }
    }

    pub(crate) fn cookie_use(&self) -> CookieUse {
        match &self.0 {
            Source::None => CookieUse::Count,
            Source::Request { cookies, .. } => *cookies,
            Source::Kept(head) => head.cookies,
        }
    }

    /// The head for a handler, which may outlive the request; `None` where there is none.
    pub(crate) fn for_call(&self, account: Option<&Arc<Account>>) -> Result<Option<Arc<RequestHead>>, Exhausted> {
        match &self.0 {
            Source::None => Ok(None),
            Source::Kept(head) => Ok(Some(Arc::clone(head))),
            Source::Request { headers, extensions, cookies } => {
                let _held = hold(headers, account)?;
                let (headers, extensions) = ((*headers).clone(), (*extensions).clone());
                Ok(Some(Arc::new(RequestHead { headers, extensions, cookies: *cookies, _held })))
            }
        }
    }

    /// The head for the calls of a connection, for as long as that is open. Its values are copied: slices of what was read would
    /// keep the whole buffer.
    pub(crate) fn for_connection(&self, account: Option<&Arc<Account>>) -> Result<CallHead<'static>, Exhausted> {
        let Source::Request { headers, extensions, cookies } = &self.0 else { return Ok(CallHead::default()) };
        let _held = hold(headers, account)?;
        let mut all = HeaderMap::with_capacity(headers.len());
        for (name, value) in *headers {
            // They were read as headers once.
            let copies = (HeaderName::from_bytes(name.as_str().as_bytes()), HeaderValue::from_bytes(value.as_bytes()));
            let (Ok(name), Ok(mut copy)) = copies else { continue };
            copy.set_sensitive(value.is_sensitive());
            all.append(name, copy);
        }
        let head = RequestHead { headers: all, extensions: (*extensions).clone(), cookies: *cookies, _held };
        Ok(CallHead::from(Arc::new(head)))
    }
}

impl From<Arc<RequestHead>> for CallHead<'_> {
    fn from(head: Arc<RequestHead>) -> Self {
        Self(Source::Kept(head))
    }
}

impl From<Option<Arc<RequestHead>>> for CallHead<'_> {
    fn from(head: Option<Arc<RequestHead>>) -> Self {
        head.map(Self::from).unwrap_or_default()
    }
}

impl fmt::Debug for CallHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt_names(self.headers(), f)
    }
}

fn fmt_names(headers: &HeaderMap, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("RequestHead ")?;
    f.debug_list().entries(headers.keys().map(HeaderName::as_str)).finish()
}

fn hold(headers: &HeaderMap, account: Option<&Arc<Account>>) -> Result<Option<Hold>, Exhausted> {
    let bytes = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ENTRY).sum::<usize>();
    account.map(|account| account.take(Resource::Memory, bytes as u64)).transpose()
}

/// The first value of a header.
pub(crate) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// The values of all cookies with a name (RFC 6265, section 5.4).
pub(crate) fn cookies<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.filter(move |(found, _)| found.trim() == name).map(|(_, value)| unquoted(value.trim()))
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::{AUTHORIZATION, COOKIE};

    use super::{CallHead, CookieUse, RequestHead, cookies};

    #[test]
    fn cookies_are_found_by_their_whole_name_over_all_lines() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; session=\"x=y\";b=".parse().unwrap());
        headers.append(COOKIE, "session=z; xsession=no; nothing".parse().unwrap());
        let all = |name: &str| cookies(&headers, name).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(all("session"), ["x=y", "z"]);
        assert_eq!((all("b"), all("nothing"), all("A")), (vec![String::new()], vec![], vec![]));
    }

    #[test]
    fn debug_shows_no_value() {
        let mut head = RequestHead::default();
        for (name, value) in [(AUTHORIZATION, "Bearer secret"), (COOKIE, "a=secret")] {
            head.add(name, value.parse().unwrap());
        }
        let borrowed = CallHead::of(&head.headers, &head.extensions, CookieUse::Count);
        for text in [format!("{head:?}"), format!("{borrowed:?}")] {
            assert_eq!(text, r#"RequestHead ["authorization", "cookie"]"#);
        }
    }
}
