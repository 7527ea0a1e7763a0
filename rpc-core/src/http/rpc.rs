//! The RPC endpoint: JSON-RPC over HTTP, and the door to WebSocket.

use std::error::Error;
use std::sync::Arc;

use bytes::Buf;
use http::header::SEC_WEBSOCKET_VERSION;
use http::{Method, Response, StatusCode};
use http_body::Body;
use hyper::upgrade::OnUpgrade;
use serde_json::Value;

use super::head::{self, Verb};
use super::origin;
use super::respond::{self, ResponseBody};
use super::route::{Content, Incoming};
use crate::budget::{Hold, Tally};
use crate::call::{Call, Outcome, Transport};
use crate::codec::{Codec, Params};
use crate::error::{ApiError, ErrorCode};
use crate::jsonrpc::{self, Answer, Document, Origin, Request, System};
use crate::upload::Upload;
use crate::ws::{Handshake, Session};

impl Incoming<'_> {
    /// Serves `below`, the path below the endpoint.
    pub(super) async fn rpc<B>(&self, below: &str, body: B, upgrade: Option<OnUpgrade>) -> Response<ResponseBody>
    where
        B: Body + Send,
        B::Data: Buf,
        B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
    {
        let origin = self.origin(Transport::JsonRpc, self.notes.codec().unwrap_or_default());
        if let (Some(upgrade), "", &Method::GET) = (upgrade, below, &self.parts.method) {
            let codec = origin.codec;
            let opened = self.open_websocket(origin, upgrade, body.is_end_stream()).await;
            return opened.unwrap_or_else(|error| self.refuse_websocket(codec, error));
        }
        let verb = match head::verb(&self.parts.method) {
            Ok(Verb::Preflight) => return self.preflight(),
            Ok(verb) => verb,
            Err(error) => return self.rpc_error(origin.codec, error),
        };
        if let Err(error) = self.check_page() {
            return self.rpc_error(origin.codec, error);
        }
        let Content { codec, params, upload, held } =
            self.content(verb, body, self.api().method(below), Transport::JsonRpc).await;
        let mut origin = Origin { codec, ..origin };
        let mut values = self.tally();
        let asked = self.read(&origin, below, verb, params, &mut values);
        origin.share.document = held.into_iter().chain(values.finish()).reduce(Hold::and).map(Arc::new);
        match asked {
            Ok(Asked::Path { system: None, request }) => self.serve_path(&origin, request, upload).await,
            Ok(document) => self.serve(&origin, document).await,
            Err(error) => self.rpc_error(origin.codec, error),
        }
    }

    /// What the body, or else the path, asks for.
    fn read(
        &self,
        origin: &Origin,
        below: &str,
        verb: Verb,
        params: Params,
        tally: &mut Tally<'_>,
    ) -> Result<Asked, ApiError> {
        let limits = self.api().limits();
        if verb == Verb::Query && below.is_empty() {
            let reason = "Invalid request: POST a JSON-RPC request here, or ask for a WebSocket";
            return Err(ApiError::of(ErrorCode::InvalidRequest).with_reason(reason));
        }
        let decoded = match params {
            Params::Encoded(bytes) if origin.codec.is_empty_document(&bytes) => None,
            Params::Encoded(bytes) => Some(origin.codec.decode(&bytes, limits.document()).and_then(|value| {
                tally.add_value(&value)?;
                Ok(value)
            })),
            Params::Unreadable(error) if below.is_empty() => return Err(error),
            other => return Ok(Asked::path(below, other)),
        };
        match decoded {
            Some(Ok(value)) if below.is_empty() => Ok(Asked::Document(Document::read(value, limits.batch))),
            Some(Ok(value)) if Request::is_meant(&value) => Ok(Asked::Document(Document::Single(Request::read(value)))),
            Some(Ok(Value::Array(values))) => Ok(Asked::path(below, Params::Positional(values))),
            Some(Ok(only)) => Ok(Asked::path(below, Params::Positional(vec![only]))),
            Some(Err(error)) if below.is_empty() => Err(error),
            Some(Err(error)) => Ok(Asked::path(below, Params::Unreadable(error))),
            None if below.is_empty() => {
                Err(ApiError::of(ErrorCode::InvalidRequest).with_reason("Invalid request: the body is empty"))
            }
            None => Ok(Asked::path(below, Params::None)),
        }
    }

    async fn serve(&self, origin: &Origin, asked: Asked) -> Response<ResponseBody> {
        let is_void = self.notes.is_void;
        match asked {
            Asked::Document(Document::Answer) => respond::empty(StatusCode::ACCEPTED, self.id),
            Asked::Document(Document::Single(request)) => {
                let answer = jsonrpc::serve(self.api(), origin, request.map(|request| muted(request, is_void))).await;
                match answer.encode() {
                    Some(body) => respond::encoded(&answer.outcome, body, self.id),
                    None => self.unanswered(&answer, is_void),
                }
            }
            Asked::Document(Document::Batch(requests)) => {
                let requests = requests.into_iter().map(|entry| entry.map(|request| muted(request, is_void))).collect();
                match jsonrpc::serve_batch(self.api(), origin, requests).await {
                    Some(body) => respond::body(200, origin.codec, body, self.id),
                    None => respond::empty(StatusCode::ACCEPTED, self.id),
                }
            }
            Asked::Path { request, .. } => {
                let outcome = jsonrpc::serve(self.api(), origin, Ok(request)).await.outcome;
                self.rpc_outcome(&outcome)
            }
        }
    }

    /// The method that the path names.
    async fn serve_path(&self, origin: &Origin, request: Request, upload: Option<Upload>) -> Response<ResponseBody> {
        let call = Call { upload, ..origin.call(&request.method, request.params) };
        if !self.notes.is_void {
            return self.rpc_outcome(&self.api().call(call).await);
        }
        match self.api().admit(call).await {
            Ok(admitted) => {
                admitted.detach().await;
                respond::empty(StatusCode::ACCEPTED, self.id)
            }
            Err(refused) => self.rpc_outcome(&refused),
        }
    }

    /// Nobody waits for the answer. A void call is told when it is refused; a notification is not.
    fn unanswered(&self, answer: &Answer, is_void: bool) -> Response<ResponseBody> {
        match answer.outcome.error() {
            Some(_) if is_void => self.rpc_outcome(&answer.outcome),
            _ => respond::empty(StatusCode::ACCEPTED, self.id),
        }
    }

    /// An outcome outside a request object: its answer has no id.
    fn rpc_outcome(&self, outcome: &Outcome) -> Response<ResponseBody> {
        let body = jsonrpc::encode_answer(outcome.codec, None, outcome);
        respond::encoded(outcome, body, self.id)
    }

    /// An error before there is a request: under the id `null` (JSON-RPC 2.0, section 5).
    fn rpc_error(&self, codec: Codec, error: ApiError) -> Response<ResponseBody> {
        let outcome = Outcome { codec, result: Err(error) };
        let body = jsonrpc::encode_answer(codec, Some(&Value::Null), &outcome);
        respond::encoded(&outcome, body, self.id)
    }

    /// Who speaks another version is told the one that is spoken here (RFC 6455, section 4.4).
    fn refuse_websocket(&self, codec: Codec, error: ApiError) -> Response<ResponseBody> {
        let mut response = self.rpc_error(codec, error);
        if !Handshake::has_version(&self.parts.headers) {
            response.headers_mut().insert(SEC_WEBSOCKET_VERSION, Handshake::VERSION);
        }
        response
    }

    async fn open_websocket(
        &self,
        origin: Origin,
        upgrade: OnUpgrade,
        is_bare: bool,
    ) -> Result<Response<ResponseBody>, ApiError> {
        if !self.service.shared().origins.allows(self.parts) {
            return Err(origin::refused());
        }
        if !is_bare {
            // Its bytes would be taken for frames.
            return Err(ApiError::of(ErrorCode::InvalidRequest).with_reason("Invalid request: a handshake has no body"));
        }
        let handshake = Handshake::read(&self.parts.headers)?;
        let credentials = handshake.credentials(origin.credentials);
        let session = Session::open(self.api(), Origin { credentials, ..origin }).await?;
        session.start(upgrade);
        Ok(handshake.response())
    }
}

/// What a request at the endpoint asks for.
enum Asked {
    /// JSON-RPC in the body.
    Document(Document),
    /// The method that the path names, with the body as its parameters.
    Path { system: Option<System>, request: Request },
}

impl Asked {
    fn path(below: &str, params: Params) -> Self {
        let system = System::named(below).filter(|system| system.is_stateless());
        Self::Path { system, request: Request { id: None, method: below.to_owned(), params } }
    }
}

/// A request whose caller does not wait is a notification.
fn muted(request: Request, is_void: bool) -> Request {
    Request { id: request.id.filter(|_| !is_void), ..request }
}
