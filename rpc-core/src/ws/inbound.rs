//! What a client's message asks for.

use std::sync::Arc;
use std::task::Context;

use tokio_tungstenite::tungstenite::Bytes;

use super::calls::{CallFuture, CallLimits, CallTask, Full};
use super::connection::Connection;
use super::frame::{close, message};
use crate::api::Api;
use crate::budget::{Hold, Tally};
use crate::call::{Outcome, Params};
use crate::codec::level::Level;
use crate::codec::{Codec, Piece};
use crate::error::{ApiError, ErrorCode};
use crate::jsonrpc::{self, CallContext, Document, Id, Invalid, Request, System};

/// Undecodable messages in a row that end a connection.
const MAX_UNDECODABLE: u32 = 16;

impl Connection {
    /// Reads one message.
    pub(super) fn document(&mut self, codec: Codec, bytes: &[u8], cx: &mut Context<'_>) {
        self.registration.socket.heard_in(codec);
        // A slice of what the protocol's implementation read would keep its whole buffer, of a large message before too.
        let bytes = &Bytes::copy_from_slice(bytes);
        let document = match Document::read(codec, bytes, self.api.limits().batch) {
            Ok(document) => document.into_owned(),
            Err(error) => return self.undecodable(codec, error),
        };
        self.undecodable = 0;
        let context = CallContext { codec, request_id: self.api.request_id(), ..self.context.clone() };
        // Requests are slices of their message.
        let mut tally = Tally::new(self.context.share.account.as_ref(), 0);
        if let Err(exhausted) = tally.add(bytes.len() as u64) {
            return self.refuse_document(codec, &document, exhausted.into());
        }
        let held = tally.finish().map(Arc::new);
        match document {
            Document::Answer => {}
            Document::Single(Ok(request)) => match System::named(&request.method) {
                Some(system) => self.system(system, context, request, held, cx),
                None => self.request(context, request, held, cx),
            },
            Document::Single(Err(invalid)) => self.refuse(codec, &invalid.id, invalid.error),
            Document::Batch(requests) => {
                let (api, weight) = (self.api.clone(), requests.len());
                let future = async move {
                    let answers = jsonrpc::serve_batch(&api, &context, requests, held).await;
                    answers.map(|bytes| message(codec, bytes))
                };
                self.start(codec, CallTask { id: None, weight, future: Box::pin(future) }, Some(Id::null(codec)), cx);
            }
        }
    }

    fn undecodable(&mut self, codec: Codec, error: ApiError) {
        self.undecodable += 1;
        self.refuse(codec, &Id::null(codec), error);
        if self.undecodable >= MAX_UNDECODABLE {
            self.close(close::UNDECODABLE, "messages do not decode");
        }
    }

    fn request(
        &mut self,
        context: CallContext<'static>,
        request: Request<'static>,
        held: Option<Arc<Hold>>,
        cx: &mut Context<'_>,
    ) {
        let (api, codec, id) = (self.api.clone(), context.codec, request.id.clone());
        let call = CallTask { id: id.clone(), weight: 1, future: serve(api, context, request, held) };
        self.start(codec, call, id, cx);
    }

    fn start(&mut self, codec: Codec, call: CallTask, id: Option<Id>, cx: &mut Context<'_>) {
        let limits = self.api.limits();
        let call_limits = CallLimits { running: limits.ws_running, waiting: limits.ws_waiting };
        match self.calls.start(call, call_limits, cx) {
            Ok(Some(ended)) => self.ended(ended),
            Ok(None) => {}
            Err(Full) => {
                let reason = "Too many requests: `ws_running` and `ws_waiting` of the connection are used up";
                let error = ApiError::of(ErrorCode::TooManyRequests).with_reason(reason);
                if let Some(id) = id {
                    self.refuse(codec, &id, error);
                }
            }
        }
    }

    /// Refuses what there is no room for in memory. Who waits for no answer gets none.
    fn refuse_document(&mut self, codec: Codec, document: &Document<'_>, error: ApiError) {
        match document {
            Document::Single(Ok(Request { id: Some(id), .. }) | Err(Invalid { id, .. })) => {
                self.refuse(codec, id, error)
            }
            Document::Batch(_) => self.refuse(codec, &Id::null(codec), error),
            Document::Answer | Document::Single(Ok(_)) => {}
        }
    }

    fn system(
        &mut self,
        system: System,
        context: CallContext<'static>,
        request: Request<'static>,
        held: Option<Arc<Hold>>,
        cx: &mut Context<'_>,
    ) {
        let codec = context.codec;
        let outcome = match system {
            System::Ping => {
                if let Some(id) = &request.id {
                    let id = Piece::Encoded(id.as_bytes());
                    self.send(message(codec, jsonrpc::encode_method(codec, Some(id), "/pong", None)));
                }
                return;
            }
            System::Pong => return,
            System::Event | System::Healthcheck => return self.request(context, request, held, cx),
            System::Abort => match self.abort(codec, &request.params) {
                Ok(()) => jsonrpc::ok(codec),
                Err(error) => Outcome { codec, result: Err(error) },
            },
            System::Subscribe => self.subscribe(codec, &request.params),
            System::Unsubscribe => self.unsubscribe(codec, &request.params),
        };
        if let Some(id) = &request.id {
            self.answer(id, &outcome);
        }
    }

    fn abort(&mut self, codec: Codec, params: &Params) -> Result<(), ApiError> {
        let unnamed = || {
            ApiError::of(ErrorCode::InvalidRequest).with_reason("Invalid request: the parameter is the id of the call")
        };
        let Params::Member(params) = params else { return Err(unnamed()) };
        let id = match codec.level(params, 1)? {
            Level::Array { items, .. } => items.first().copied().ok_or_else(unnamed)?,
            Level::Scalar => &**params,
            Level::Object(_) => return Err(unnamed()),
        };
        // What is no id is that of no call.
        if let Ok(Some(id)) = Id::read(codec, params, id)
            && let Some(ended) = self.calls.abort(&id)
        {
            self.ended(ended);
        }
        Ok(())
    }
}

/// One request, through the pipeline.
fn serve(api: Api, context: CallContext<'static>, request: Request<'static>, held: Option<Arc<Hold>>) -> CallFuture {
    Box::pin(async move {
        let codec = context.codec;
        let answer = jsonrpc::serve(&api, &context, Ok(request), held).await;
        answer.encode().map(|bytes| message(codec, bytes))
    })
}
