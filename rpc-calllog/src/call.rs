//! A call, as the log keeps it.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rpc_core::{RequestId, Timestamp};

/// Bytes of a text at most; what is longer is cut.
const LONGEST_TEXT: usize = 256;
/// The last moment of the year 9999, beyond which databases and RFC 3339 do not go.
const LAST_MOMENT: Timestamp = Timestamp::from_millis(253_402_300_799_999);
/// A run time at most: sums of it stay within 64 bits of nanoseconds.
const LONGEST_RUNTIME: Duration = Duration::from_secs(365 * 24 * 3600);

/// How far a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Admission {
    /// It reached the handler.
    Accepted,
    /// A limit refused it, or the server was stopping: 429 or 503.
    Declined,
    /// It was refused otherwise: credentials, permission, parameters; or its caller went away before.
    Refused,
}

/// Who called. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The id of the user. The user need not exist any longer.
    pub id: Arc<str>,
    /// The name that the user had then.
    pub name: Arc<str>,
}

impl Caller {
    /// A user. Texts are made fit to be stored, as in [`LoggedCall::fit`].
    #[must_use]
    pub fn new(id: &str, name: &str) -> Self {
        Self { id: (*fit_text(id.into())).into(), name: (*fit_text(name.into())).into() }
    }
}

/// A call that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedCall {
    /// The path of the method.
    pub method: Cow<'static, str>,
    /// The user; `None` for a guest, or when the call ended before that was known.
    pub caller: Option<Caller>,
    /// When the call began, by the wall clock.
    pub started: Timestamp,
    /// How long it took, by a clock that does not jump; to the nanosecond.
    pub runtime: Duration,
    /// How far it came.
    pub admission: Admission,
    /// Whether it failed by a fault of the program: a panic, or an internal error.
    pub exception: bool,
    /// The status; 499 when the caller went away.
    pub status: u16,
    /// The reason.
    pub reason: Cow<'static, str>,
    /// How it came in; another version may know other ways.
    pub transport: Cow<'static, str>,
    /// The address of the caller.
    pub client: Option<IpAddr>,
    /// The id under which other logs show the call; `None` for calls that were logged before ids were kept.
    pub request_id: Option<RequestId>,
}

impl LoggedCall {
    /// When the call ended: its beginning by the wall clock, and its run time. Decides to which bucket it belongs.
    #[must_use]
    pub fn finished(&self) -> Timestamp {
        self.started.after(self.runtime)
    }

    /// Whether it was answered with an error, or not at all.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.status >= 400
    }

    /// Makes everything fit to be stored, whatever a method put into it: texts without U+0000 and of at most 256 bytes,
    /// moments from 1970 to 9999, a run time of at most a year.
    #[must_use]
    pub fn fit(mut self) -> Self {
        self.reason = fit_text(self.reason);
        self.runtime = self.runtime.min(LONGEST_RUNTIME);
        self.started = self.started.clamp(Timestamp::default(), LAST_MOMENT.before(LONGEST_RUNTIME));
        self
    }
}

fn fit_text<'t>(text: Cow<'t, str>) -> Cow<'t, str> {
    let end = text.floor_char_boundary(LONGEST_TEXT);
    if end == text.len() && !text.contains('\0') {
        return text;
    }
    Cow::Owned(text[..end].replace('\0', " "))
}

/// The number of a row. Later rows of a store have greater ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub i64);

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Its number.
    pub id: RowId,
    /// The call.
    pub call: LoggedCall,
}

impl LogRow {
    /// The id under which other logs show the call; `None` for calls that were logged before ids were kept.
    #[must_use]
    pub fn request_id(&self) -> Option<RequestId> {
        self.call.request_id
    }
}

#[cfg(test)]
mod tests {
    use super::{Caller, fit_text};

    #[test]
    fn texts_are_cut_between_characters_and_lose_nul() {
        let long = "ä".repeat(200);
        assert_eq!(*fit_text(long.as_str().into()), "ä".repeat(128));
        assert_eq!(*fit_text("x".repeat(256).into()), "x".repeat(256));
        assert_eq!(&*Caller::new("2", "a\0b").name, "a b");
    }
}
