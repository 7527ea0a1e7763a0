//! A successful answer with more than its data.

mod cookie;
mod download;
mod error;
mod etag;
mod head;

use std::borrow::Cow;

use http::StatusCode;
use serde_json::{Map, Value};

pub use self::cookie::{SameSite, SetCookie};
pub(crate) use self::download::{Chunks, Content, disposition};
pub use self::download::{Download, FileContent};
pub use self::error::ReplyError;
pub use self::head::CacheControl;
pub(crate) use self::head::ReplyHead;

/// Data with a status, a reason and further fields of the envelope.
///
/// ```
/// use rpc_core::Reply;
/// let page = Reply::new(vec!["ann", "bob"]).total(17);
/// assert_eq!(page.data().len(), 2);
/// ```
///
/// Headers, cookies and what caches are told travel over plain HTTP, and with the answer to a single JSON-RPC request over HTTP, but for
/// the `Location` of a redirect and what caches are told. A batch and a WebSocket have no place for them: there they are left out.
#[derive(Debug)]
pub struct Reply<T> {
    pub(crate) status: u16,
    pub(crate) reason: Cow<'static, str>,
    pub(crate) data: T,
    pub(crate) extra: Map<String, Value>,
    pub(crate) head: Option<Box<ReplyHead>>,
}

impl<T> Reply<T> {
    /// Status 200, reason "OK".
    pub fn new(data: T) -> Self {
        Self { status: 200, reason: Cow::Borrowed("OK"), data, extra: Map::new(), head: None }
    }

    /// Sets the status, 200–599. The answers 204, 205 and 304 have no body and are sent as 200.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = match status {
            204 | 205 | 304 => 200,
            other => other.clamp(200, 599),
        };
        self
    }

    /// Sets the reason: a short text for people.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Sets how many rows there are before paging.
    #[must_use]
    pub fn total(self, total: u64) -> Self {
        self.with("total", total)
    }

    /// Adds a field beside `data`. The names of the envelope (`status`, `reason`, `data`, `code`) are left alone.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if !matches!(name, "status" | "reason" | "data" | "code") {
            self.extra.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Adds a header.
    ///
    /// ```
    /// # use rpc_core::{Reply, ReplyError};
    /// let reply = Reply::new(7).header("Link", "</v1/a>; rel=next")?;
    /// assert!(reply.header("Content-Length", "3").is_err());
    /// # Ok::<_, ReplyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The header is the framework's own (`Content-Type`, `Content-Length`, `X-Request-Id` and the like) or has a method here; its name
    /// or value cannot be sent. Nothing of that can end the header and begin another.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, ReplyError> {
        self.head_mut().header(name, value)?;
        Ok(self)
    }

    /// Sets a cookie.
    ///
    /// # Errors
    ///
    /// The cookie would mean something else, or browsers would not take it: [`ReplyError::BadCookie`].
    pub fn cookie(mut self, cookie: &SetCookie) -> Result<Self, ReplyError> {
        self.head_mut().cookie(cookie)?;
        Ok(self)
    }

    /// Lets those who get the answer keep it. For methods that are `read_only`; of others the call ends with an internal error (500).
    /// Only answers to GET and HEAD over plain HTTP say so.
    #[must_use]
    pub fn cache(mut self, cache: CacheControl) -> Self {
        self.head_mut().cache = Some(cache);
        self
    }

    /// Names the version of the data: whoever has that version already is told so with 304, without the data, on GET and HEAD over
    /// plain HTTP. For methods that are `read_only`; of others the call ends with an internal error (500).
    ///
    /// ```
    /// # use rpc_core::{CacheControl, Reply, ReplyError};
    /// let reply = Reply::new("text").etag("v7")?.cache(CacheControl::Revalidate);
    /// # Ok::<_, ReplyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The tag has more than visible ASCII without quotes, or more than 256 bytes.
    pub fn etag(mut self, tag: &str) -> Result<Self, ReplyError> {
        self.head_mut().etag = Some(etag::etag(tag)?);
        Ok(self)
    }

    pub(crate) fn head_mut(&mut self) -> &mut ReplyHead {
        self.head.get_or_insert_default()
    }

    /// The data.
    pub fn data(&self) -> &T {
        &self.data
    }
}

impl<T: Default> Reply<T> {
    /// Sends the caller elsewhere: status 301, 302, 303, 307 or 308, and `Location`.
    ///
    /// The location is in the envelope too, as the field `location`. Over JSON-RPC it is only there: a client that followed the header
    /// would never see its answer.
    ///
    /// ```
    /// # use rpc_core::{Reply, ReplyError};
    /// let reply: Reply<()> = Reply::redirect(303, "/v1/jobs/state?id=7")?;
    /// assert!(Reply::<()>::redirect(303, "//evil.example").is_err());
    /// # Ok::<_, ReplyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The status is none of a redirect, or the location is neither a path of this server (`/…`) nor a URL with http or https.
    pub fn redirect(status: u16, location: &str) -> Result<Self, ReplyError> {
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return Err(ReplyError::BadRedirect(status));
        }
        let reason =
            StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Redirect");
        let mut reply = Self::new(T::default()).status(status).reason(reason).with("location", location);
        reply.head_mut().redirect(location)?;
        Ok(reply)
    }
}

impl Download {
    /// The reply, for headers, cookies and what caches are told; its method returns `Result<Reply<FileContent>, …>`.
    #[must_use]
    pub fn into_reply(self) -> Reply<FileContent> {
        let mut reply = Reply::new(FileContent::default());
        reply.head_mut().download = Some(self);
        reply
    }
}

/// A reply whose data is already in the bytes of the call's codec.
#[derive(Debug)]
pub struct Encoded {
    pub(crate) status: u16,
    pub(crate) reason: Cow<'static, str>,
    pub(crate) data: Vec<u8>,
    pub(crate) extra: Map<String, Value>,
    pub(crate) head: Option<Box<ReplyHead>>,
}

impl Encoded {
    /// Whether there is nothing to say but the data.
    pub(crate) fn is_usual(&self) -> bool {
        self.status == 200 && self.reason == "OK" && self.extra.is_empty()
    }

    /// What it carries beside its envelope.
    pub(crate) fn head(&self) -> Option<&ReplyHead> {
        self.head.as_deref()
    }

    /// The file that it is, taken out.
    pub(crate) fn take_download(&mut self) -> Option<Download> {
        self.head.as_mut()?.download.take()
    }
}
