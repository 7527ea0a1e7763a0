//! What a failed call answers, and what only the log sees of it.

pub(crate) mod code;
pub(crate) mod payload;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use rpc_grammar::own_error;
use serde::Serialize;
use serde_json::{Map, Value};

pub use self::code::{CodeRow, ErrorCode};
use self::payload::Payload;

/// The error of a call: a status and a reason for the caller, a private source for the log. One pointer in size.
///
/// ```
/// use rpc_core::ApiError;
/// let error = ApiError::new(409, "This name is taken");
/// assert_eq!((error.status(), error.number()), (409, 409));
/// ```
pub struct ApiError(Box<Inner>);

struct Inner {
    code: ErrorCode,
    status: u16,
    reason: Cow<'static, str>,
    details: Details,
    payload: Option<Payload>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The framework's own details of an error: in `data` of the envelope, before those of the method.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Details {
    /// What is wrong with the parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Violation>,
    /// Violations beyond those listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_errors: u64,
    /// The id under which the log tells more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Box<str>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Details {
    /// Whether there are no details.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty() && self.more_errors == 0 && self.request_id.is_none()
    }
}

/// One thing that is wrong with the parameters. It never holds the value itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The JSON Pointer (RFC 6901) into the array of parameters: `/0/smtp_port`.
    pub pointer: String,
    /// The JSON Schema keyword that refuses: `maximum`.
    pub keyword: Cow<'static, str>,
    /// What is expected, for people.
    pub message: String,
}

impl ApiError {
    /// A method's own error: the code is the status, 400–599 (others become 500).
    pub fn new(status: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        let status = if own_error::STATUSES.contains(&status) { status } else { 500 };
        let code = match status {
            401 => ErrorCode::Unauthorized,
            403 => ErrorCode::Forbidden,
            other => ErrorCode::Status(other),
        };
        Self::of(code).with_reason(reason)
    }

    /// An error of the framework, with the usual status and reason of its code.
    #[must_use]
    pub fn of(code: ErrorCode) -> Self {
        Self(Box::new(Inner {
            code,
            status: code.status(),
            reason: Cow::Borrowed(code.reason()),
            details: Details::default(),
            payload: None,
            retry_after: None,
            source: None,
        }))
    }

    /// An error for one parameter, which is refused by a rule that is not in its schema.
    ///
    /// `pointer` is the place inside the parameter at `position`: empty, or `/member`.
    pub fn invalid(
        position: usize,
        pointer: &str,
        keyword: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self::violations(vec![Violation {
            pointer: format!("/{position}{pointer}"),
            keyword: keyword.into(),
            message: message.into(),
        }])
    }

    /// An error for refused parameters, with all violations.
    #[must_use]
    pub fn violations(errors: Vec<Violation>) -> Self {
        let mut error = Self::of(ErrorCode::InvalidParams);
        error.0.details.errors = errors;
        error
    }

    /// An error for a fault of the program: callers see "Internal error" and the request's id, the log sees the source.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::of(ErrorCode::Internal).with_source(source)
    }

    /// An error for a part that is down: 503, to be tried again after `retry_after`.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>, retry_after: Duration) -> Self {
        Self::of(ErrorCode::BackendDown).with_source(source).with_retry_after(retry_after)
    }

    /// Sets another reason.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.0.reason = reason.into();
        self
    }

    /// Sets the number of the code, in place of the status: any but 0, −32999 to −32000, which JSON-RPC and the framework keep,
    /// and 100 to 599, which are HTTP statuses. Those change nothing, nor does a code for one of the framework's errors.
    ///
    /// ```
    /// use rpc_core::ApiError;
    /// let error = ApiError::new(409, "The order was changed meanwhile").with_code(40901);
    /// assert_eq!((error.status(), error.number()), (409, 40901));
    /// assert_eq!(ApiError::new(409, "No").with_code(-32602).number(), 409);
    /// ```
    #[must_use]
    pub fn with_code(mut self, number: i32) -> Self {
        let status = self.0.status;
        let is_own = matches!(self.0.code, ErrorCode::Status(_) | ErrorCode::Own { .. });
        if is_own && own_error::is_free(number, status) {
            self.0.code = ErrorCode::Own { status, number };
        }
        self
    }

    /// Sets the kind of the error, a short name for programs, and its details.
    ///
    /// They are `data` on plain HTTP, `{"kind": "conflict", "current": 3}`, and stand beside `exception`, `status` and `meta` in the
    /// `data` of a JSON-RPC error. Members that are called like those, or `kind`, `data`, `errors`, `more_errors`, `request_id`,
    /// `retry_after`, are left out. A type that derives [`ApiError`](derive@crate::ApiError) does this by itself, and says so in the documents.
    #[must_use]
    pub fn with_details(self, kind: &'static str, details: Map<String, Value>) -> Self {
        let is_free = |(name, _): &(String, Value)| !own_error::MEMBERS.contains(&name.as_str());
        self.with_payload(Payload::Own { kind, fields: details.into_iter().filter(is_free).collect() })
    }

    pub(crate) fn with_payload(mut self, payload: Payload) -> Self {
        self.0.payload = Some(payload);
        self
    }

    pub(crate) fn payload(&self) -> Option<&Payload> {
        self.0.payload.as_ref()
    }

    pub(crate) fn payload_mut(&mut self) -> Option<&mut Payload> {
        self.0.payload.as_mut()
    }

    /// Sets another HTTP status than the code's own: 414 and 431 are kinds of invalid requests.
    #[must_use]
    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = status;
        self
    }

    /// Sets when to try again: sent as `Retry-After`, in whole seconds, rounded up.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Adds the source, which only the log sees.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_request_id(mut self, id: &str) -> Self {
        self.0.details.request_id = Some(id.into());
        self
    }

    pub(crate) fn with_more_errors(mut self, count: u64) -> Self {
        self.0.details.more_errors = count;
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The number of the code, as it is sent.
    #[must_use]
    pub fn number(&self) -> i32 {
        self.0.code.number()
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// The reason, for people.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The kind of a method's own error, for programs: the variant's name in snake case, where its type derives
    /// [`ApiError`](derive@crate::ApiError).
    #[must_use]
    pub fn kind(&self) -> Option<&'static str> {
        match &self.0.payload {
            Some(Payload::Own { kind, .. }) => Some(kind),
            Some(Payload::Reply { .. }) | None => None,
        }
    }

    /// The framework's details, for programs.
    #[must_use]
    pub fn details(&self) -> &Details {
        &self.0.details
    }

    /// When to try again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The same in whole seconds, rounded up, at least 1.
    pub(crate) fn retry_after_seconds(&self) -> Option<u64> {
        self.0.retry_after.map(|after| (after.as_secs() + u64::from(after.subsec_nanos() > 0)).max(1))
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiError")
            .field("code", &self.0.code)
            .field("status", &self.0.status)
            .field("reason", &self.0.reason)
            .field("kind", &self.kind())
            .field("details", &self.0.details)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.status, self.0.reason)
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// What an error says, and then its sources, each after what it made fail: `no mail: no answer: connection refused`.
#[must_use]
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let errors = std::iter::successors(Some(error), |&error| error.source());
    errors.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
