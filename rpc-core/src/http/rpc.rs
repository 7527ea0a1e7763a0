//! The RPC endpoint: JSON-RPC over HTTP, and the upgrade to WebSocket.

use std::sync::Arc;

use http::header::SEC_WEBSOCKET_VERSION;
use http::{Method, Response, StatusCode};
use hyper::upgrade::OnUpgrade;

use super::body::IncomingBody;
use super::content::Content;
use super::head::{self, Verb};
use super::origin;
use super::request::RequestContext;
use super::respond::{self, ResponseBody};
use crate::budget::Hold;
use crate::call::{Call, Outcome, Params, Transport};
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::jsonrpc::{self, Answer, CallContext, Document, Request, System};
use crate::upload::Uploads;
use crate::ws::{Handshake, PendingConnection};

impl RequestContext<'_> {
    /// Serves the endpoint, or a path below it.
    pub(super) async fn rpc<B: IncomingBody>(
        &self,
        path: &str,
        body: B,
        upgrade: Option<OnUpgrade>,
    ) -> Response<ResponseBody> {
        let below = self.below_rpc_prefix(path).unwrap_or_default();
        let context = self.call_context(Transport::JsonRpc, self.head.codec().unwrap_or_default());
        if let (Some(upgrade), "", &Method::GET) = (upgrade, below, &self.parts.method) {
            let codec = context.codec;
            let opened = self.open_websocket(context, upgrade, body.is_end_stream()).await;
            return opened.unwrap_or_else(|error| self.refuse_websocket(codec, error));
        }
        let verb = match head::verb(&self.parts.method) {
            Ok(Verb::Preflight) => return self.preflight(),
            Ok(verb) => verb,
            Err(error) => return self.rpc_error(context.codec, error),
        };
        if let Err(error) = self.check_page() {
            return self.rpc_error(context.codec, error);
        }
        let Content { codec, params, uploads, held } =
            self.content(verb, body, self.api().method(below), Transport::JsonRpc).await;
        let (context, held) = (CallContext { codec, ..context }, held.map(Arc::new));
        let params = match params {
            Params::Unreadable(error) if below.is_empty() && verb != Verb::Query => {
                return self.rpc_error(codec, error);
            }
            params => params,
        };
        let document = match self.document(codec, below, verb, &params) {
            Ok(document) => document,
            Err(error) => return self.rpc_error(codec, error),
        };
        match document {
            // The room of a large body is given back when its calls have taken what they need of it.
            Some(document) if held.is_some() => {
                let document = document.into_owned();
                drop(params);
                Box::pin(self.serve(&context, document, held)).await
            }
            Some(document) => self.serve(&context, document, None).await,
            None => self.serve_path(&context, below, (params, held), uploads).await,
        }
    }

    /// What the body asks for; `None` where the path names the method, and the body is its parameters.
    fn document<'b>(
        &self,
        codec: Codec,
        below: &str,
        verb: Verb,
        params: &'b Params,
    ) -> Result<Option<Document<'b>>, ApiError> {
        let invalid = |reason| Err(ApiError::of(ErrorCode::InvalidRequest).with_reason(reason));
        match params {
            Params::Encoded(body) if !below.is_empty() => Ok(Document::request_in(codec, body)),
            _ if !below.is_empty() => Ok(None),
            _ if verb == Verb::Query => {
                invalid("Invalid request: POST a JSON-RPC request here, or ask for a WebSocket")
            }
            Params::Encoded(body) if !codec.is_empty_document(body) => {
                Document::read(codec, body, self.api().limits().batch).map(Some)
            }
            _ => invalid("Invalid request: the body is empty"),
        }
    }

    async fn serve(
        &self,
        context: &CallContext<'_>,
        document: Document<'_>,
        held: Option<Arc<Hold>>,
    ) -> Response<ResponseBody> {
        let is_void = self.head.is_void;
        match document {
            Document::Answer => respond::empty(StatusCode::ACCEPTED, self.id),
            Document::Single(request) => {
                let request = request.map(|request| muted(request, is_void));
                let answer = jsonrpc::serve(self.api(), context, request, held).await;
                match answer.encode() {
                    Some(body) => respond::encoded(&answer.outcome, body, self.id),
                    None => self.unanswered(&answer, is_void),
                }
            }
            Document::Batch(requests) => {
                let requests = requests.into_iter().map(|entry| entry.map(|request| muted(request, is_void))).collect();
                match jsonrpc::serve_batch(self.api(), context, requests, held).await {
                    Some(body) => respond::body(200, context.codec, body, self.id),
                    None => respond::empty(StatusCode::ACCEPTED, self.id),
                }
            }
        }
    }

    /// The method that the path names.
    async fn serve_path(
        &self,
        context: &CallContext<'_>,
        below: &str,
        (params, held): (Params, Option<Arc<Hold>>),
        uploads: Uploads,
    ) -> Response<ResponseBody> {
        if System::named(below).is_some_and(System::is_stateless) {
            let request = Request { id: None, method: below.into(), params };
            return self.rpc_outcome(&jsonrpc::serve(self.api(), context, Ok(request), held).await.outcome);
        }
        let call = Call { uploads, ..context.call(below, params, held) };
        if !self.head.is_void {
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

    /// The response when nobody waits for the answer. A void call learns that it was refused; a notification does not.
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
        let body = jsonrpc::encode_answer(codec, Some(codec.null()), &outcome);
        respond::encoded(&outcome, body, self.id)
    }

    /// Refuses a handshake, and names the version that is spoken here (RFC 6455, section 4.4).
    fn refuse_websocket(&self, codec: Codec, error: ApiError) -> Response<ResponseBody> {
        let mut response = self.rpc_error(codec, error);
        if !Handshake::has_version(&self.parts.headers) {
            response.headers_mut().insert(SEC_WEBSOCKET_VERSION, Handshake::VERSION);
        }
        response
    }

    async fn open_websocket(
        &self,
        context: CallContext<'_>,
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
        let credentials = handshake.credentials(context.credentials);
        let head = self.call_head(self.cookie_use_of_page());
        let pending = PendingConnection::open(self.api(), CallContext { credentials, head, ..context }).await?;
        pending.start(upgrade);
        Ok(handshake.response())
    }
}

/// A request whose caller does not wait is a notification.
fn muted(request: Request<'_>, is_void: bool) -> Request<'_> {
    Request { id: request.id.filter(|_| !is_void), ..request }
}
