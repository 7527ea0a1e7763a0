//! A successful answer with more than its data.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// Data with a status, a reason and further fields of the envelope.
///
/// ```
/// use rpc_core::Reply;
/// let page = Reply::new(vec!["ann", "bob"]).total(17);
/// assert_eq!(page.data().len(), 2);
/// ```
#[derive(Debug, Clone)]
pub struct Reply<T> {
    pub(crate) status: u16,
    pub(crate) reason: Cow<'static, str>,
    pub(crate) data: T,
    pub(crate) extra: Map<String, Value>,
}

impl<T> Reply<T> {
    /// Status 200, reason "OK".
    pub fn new(data: T) -> Self {
        Self { status: 200, reason: Cow::Borrowed("OK"), data, extra: Map::new() }
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

    /// The data.
    pub fn data(&self) -> &T {
        &self.data
    }
}

/// A reply whose data is already in the bytes of the call's codec.
#[derive(Debug, Clone)]
pub struct Encoded {
    pub(crate) status: u16,
    pub(crate) reason: Cow<'static, str>,
    pub(crate) data: Vec<u8>,
    pub(crate) extra: Map<String, Value>,
}

impl Encoded {
    /// Whether there is nothing to say but the data.
    pub(crate) fn is_usual(&self) -> bool {
        self.status == 200 && self.reason == "OK" && self.extra.is_empty()
    }
}
