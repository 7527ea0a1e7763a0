//! What a client's message asks for.

use std::sync::Arc;
use std::task::Context;

use serde_json::Value;

use super::calls::{Call, Full, Most, Work};
use super::connection::Connection;
use super::frame::{close, message};
use crate::budget::Tally;
use crate::call::{Outcome, Params};
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::jsonrpc::{self, Document, Invalid, Origin, Request, System};

/// Undecodable messages in a row that end a connection.
const MOST_UNDECODABLE: u32 = 16;

impl Connection {
    /// Reads one message.
    pub(super) fn document(&mut self, codec: Codec, bytes: &[u8], cx: &mut Context<'_>) {
        self.place.socket.heard_in(codec);
        let limits = *self.api.limits();
        let value = match codec.decode(bytes, limits.document()) {
            Ok(value) => value,
            Err(error) => return self.undecodable(codec, error),
        };
        self.undecodable = 0;
        let mut origin = Origin { codec, request_id: self.api.request_id(), ..self.origin.clone() };
        let mut tally = Tally::new(self.origin.share.account.as_ref(), 0);
        let room = tally.add_value(&value);
        let document = Document::read(value, limits.batch);
        // An id is kept beside its request, and to be aborted by.
        let room = match &document {
            Document::Single(Ok(Request { id: Some(id), .. })) => {
                room.and_then(|()| tally.add_value(id)).and_then(|()| tally.add_value(id))
            }
            _ => room,
        };
        if let Err(exhausted) = room {
            return self.refuse_document(codec, &document, exhausted.into());
        }
        origin.share.document = tally.finish().map(Arc::new);
        match document {
            Document::Answer => {}
            Document::Single(Ok(request)) => match System::named(&request.method) {
                Some(system) => self.system(system, origin, request, cx),
                None => self.request(origin, request, cx),
            },
            Document::Single(Err(invalid)) => self.refuse(codec, &invalid.id, invalid.error),
            Document::Batch(requests) => {
                let (api, weight) = (self.api.clone(), requests.len());
                let work = async move {
                    let answers = jsonrpc::serve_batch(&api, &origin, requests).await;
                    answers.map(|bytes| message(codec, bytes))
                };
                self.start(codec, Call { id: None, weight, work: Box::pin(work) }, Some(Value::Null), cx);
            }
        }
    }

    fn undecodable(&mut self, codec: Codec, error: ApiError) {
        self.undecodable += 1;
        self.refuse(codec, &Value::Null, error);
        if self.undecodable >= MOST_UNDECODABLE {
            self.close(close::UNDECODABLE, "messages do not decode");
        }
    }

    fn request(&mut self, origin: Origin, request: Request, cx: &mut Context<'_>) {
        let (api, codec, id) = (self.api.clone(), origin.codec, request.id.clone());
        let call = Call { id: id.clone(), weight: 1, work: serve(api, origin, request) };
        self.start(codec, call, id, cx);
    }

    fn start(&mut self, codec: Codec, call: Call, id: Option<Value>, cx: &mut Context<'_>) {
        let limits = self.api.limits();
        let most = Most { running: limits.ws_running, waiting: limits.ws_waiting };
        match self.calls.start(call, most, cx) {
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
    fn refuse_document(&mut self, codec: Codec, document: &Document, error: ApiError) {
        match document {
            Document::Single(Ok(Request { id: Some(id), .. }) | Err(Invalid { id, .. })) => {
                self.refuse(codec, id, error)
            }
            Document::Batch(_) => self.refuse(codec, &Value::Null, error),
            Document::Answer | Document::Single(Ok(_)) => {}
        }
    }

    fn system(&mut self, system: System, origin: Origin, request: Request, cx: &mut Context<'_>) {
        let codec = origin.codec;
        let outcome = match system {
            System::Ping => {
                if request.id.is_some() {
                    self.send(message(codec, jsonrpc::encode_method(codec, request.id.as_ref(), "/pong", None)));
                }
                return;
            }
            System::Pong => return,
            System::Event | System::Healthcheck => return self.request(origin, request, cx),
            System::Abort => match self.abort(request.params) {
                Ok(()) => jsonrpc::ok(codec),
                Err(error) => Outcome { codec, result: Err(error) },
            },
            System::Subscribe => self.subscribe(codec, request.params),
            System::Unsubscribe => self.unsubscribe(codec, request.params),
        };
        if let Some(id) = &request.id {
            self.answer(id, &outcome);
        }
    }

    fn abort(&mut self, params: Params) -> Result<(), ApiError> {
        match params {
            Params::Positional(values) if !values.is_empty() => {
                if let Some(ended) = self.calls.abort(&values[0]) {
                    self.ended(ended);
                }
                Ok(())
            }
            _ => Err(ApiError::of(ErrorCode::InvalidRequest)
                .with_reason("Invalid request: the parameter is the id of the call")),
        }
    }
}

/// One request, through the pipeline.
fn serve(api: crate::Api, origin: Origin, request: Request) -> Work {
    Box::pin(async move {
        let codec = origin.codec;
        let answer = jsonrpc::serve(&api, &origin, Ok(request)).await;
        answer.encode().map(|bytes| message(codec, bytes))
    })
}
