//! A call on its way in, and its outcome on its way out. Every transport makes the first and renders the second.

mod disposition;
mod head;
mod params;
mod record;
mod request_id;
mod trace;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::Value;

pub use self::disposition::Disposition;
pub use self::head::{CallHead, RequestHead};
pub(crate) use self::head::{CookieUse, cookies, text as header_text};
pub use self::params::Params;
pub use self::record::CallRecord;
pub use self::request_id::RequestId;
pub(crate) use self::request_id::RequestIds;
pub use self::trace::TraceContext;
use crate::budget::Share;
use crate::codec::Codec;
use crate::error::ApiError;
use crate::identity::Identity;
use crate::reply::{Download, Encoded};
use crate::upload::Uploads;

/// How a call came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// Plain HTTP.
    Http,
    /// JSON-RPC over HTTP.
    JsonRpc,
    /// JSON-RPC over WebSocket.
    WebSocket,
    /// From inside the process: a test, a command, another method.
    InProcess,
}

impl Transport {
    /// The name in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::JsonRpc => "json-rpc",
            Self::WebSocket => "websocket",
            Self::InProcess => "in-process",
        }
    }
}

/// A token as the caller presented it. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Arc<str>);

impl Token {
    /// Wraps a presented token.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What is known of the caller before authentication.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// None were presented: a guest.
    None,
    /// A token, to be looked at by the [`Authenticator`](crate::Authenticator).
    Token(Token),
    /// Credentials that are no token at all: answered with 401.
    Malformed,
    /// An identity that the process itself vouches for.
    Known(Identity),
}

/// A call before its first stage.
#[derive(Debug)]
pub struct Call<'a> {
    /// The path of the method.
    pub path: &'a str,
    /// The parameters.
    pub params: Params,
    /// The encoding of the parameters, and of the answer.
    pub codec: Codec,
    /// Who calls.
    pub credentials: Credentials,
    /// How the call came in.
    pub transport: Transport,
    /// The address of the caller, where there is one.
    pub client: Option<IpAddr>,
    /// The head of the request that it came in with; an empty one by default.
    pub head: CallHead<'a>,
    /// The id under which logs show the call.
    pub request_id: RequestId,
    /// The trace that the call belongs to.
    pub trace: Option<TraceContext>,
    /// The files that came with the call.
    pub uploads: Uploads,
    /// The account that it is counted on; none by default, as for calls from inside the process.
    pub share: Share,
}

impl<'a> Call<'a> {
    /// A call from inside the process: a guest's, in JSON, without parameters.
    #[must_use]
    pub fn in_process(path: &'a str, request_id: RequestId) -> Self {
        Self {
            path,
            params: Params::None,
            codec: Codec::Json,
            credentials: Credentials::None,
            transport: Transport::InProcess,
            client: None,
            head: CallHead::NONE,
            request_id,
            trace: None,
            uploads: Uploads::default(),
            share: Share::default(),
        }
    }

    /// Sets the parameters, by position.
    #[must_use]
    pub fn with_params(mut self, params: Vec<Value>) -> Self {
        self.params = Params::Positional(params);
        self
    }
}

/// The result of a call: an encoded reply, or an error.
#[derive(Debug)]
pub struct Outcome {
    pub(crate) codec: Codec,
    pub(crate) result: Result<Encoded, ApiError>,
}

impl Outcome {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match &self.result {
            Ok(reply) => reply.status,
            Err(error) => error.status(),
        }
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        match &self.result {
            Ok(reply) => &reply.reason,
            Err(error) => error.reason(),
        }
    }

    /// The file that the answer is, taken out; `None` where it is none, or was taken out before.
    pub fn take_download(&mut self) -> Option<Download> {
        self.result.as_mut().ok()?.take_download()
    }

    /// The error of a call that failed.
    #[must_use]
    pub fn error(&self) -> Option<&ApiError> {
        self.result.as_ref().err()
    }
}
