//! Serves requests: one, or a batch, each through the whole pipeline.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use super::answer;
use super::context::CallContext;
use super::id::Id;
use super::request::{Invalid, Request};
use super::system::{self, System};
use crate::api::Api;
use crate::budget::Hold;
use crate::call::{Call, Outcome, Params};
use crate::error::{ApiError, ErrorCode};

/// Requests of a batch that are begun before others have their turn.
const TURN: usize = 16;

/// The outcome of a request, with its id. Without an id nobody gets it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) id: Option<Id>,
    pub(crate) outcome: Outcome,
}

impl Answer {
    /// The bytes for the caller; none for a notification.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let id = self.id.as_ref()?;
        Some(answer::encode(self.outcome.codec, Some(id.as_bytes()), &self.outcome))
    }

    pub(crate) fn invalid(invalid: Invalid, context: &CallContext<'_>) -> Self {
        let outcome = Outcome { codec: context.codec, result: Err(invalid.error) };
        Self { id: Some(invalid.id), outcome }
    }
}

/// Serves one request. A notification is answered once its call is admitted and goes on by itself.
/// `document` is the room of what the request was read from.
pub(crate) async fn serve(
    api: &Api,
    context: &CallContext<'_>,
    request: Result<Request<'_>, Invalid>,
    document: Option<Arc<Hold>>,
) -> Answer {
    let Request { id, method, params } = match request {
        Ok(request) => request,
        Err(invalid) => return Answer::invalid(invalid, context),
    };
    let outcome = match System::named(&method) {
        Some(system) => serve_system(api, context, system, params, document).await,
        None if id.is_some() => api.call(context.call(&method, params, document)).await,
        None => detached(api, context.call(&method, params, document)).await,
    };
    Answer { id, outcome }
}

/// Serves the requests of a batch at once; the answers are in their order. Others have their turn in between.
pub(crate) async fn serve_batch(
    api: &Api,
    context: &CallContext<'_>,
    requests: Vec<Result<Request<'_>, Invalid>>,
    document: Option<Arc<Hold>>,
) -> Option<Vec<u8>> {
    let mut answers: Vec<Option<Vec<u8>>> = Vec::with_capacity(requests.len());
    let mut running = FuturesUnordered::new();
    for (position, request) in requests.into_iter().enumerate() {
        let document = document.clone();
        let mut answer = Box::pin(async move { serve(api, context, request, document).await.encode() });
        // Most calls wait for nothing.
        match poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await {
            Poll::Ready(answer) => answers.push(answer),
            Poll::Pending => {
                answers.push(None);
                running.push(answer.map(move |answer| (position, answer)));
            }
        }
        if position % TURN == TURN - 1 {
            tokio::task::yield_now().await;
        }
    }
    drop(document);
    while let Some((position, answer)) = running.next().await {
        answers[position] = answer;
    }
    let encoded: Vec<Vec<u8>> = answers.into_iter().flatten().collect();
    if encoded.is_empty() { None } else { Some(context.codec.encode_array(&encoded)) }
}

async fn detached(api: &Api, call: Call<'_>) -> Outcome {
    let codec = call.codec;
    match api.admit(call).await {
        Ok(admitted) => {
            admitted.detach().await;
            system::ok(codec)
        }
        Err(refused) => refused,
    }
}

async fn serve_system(
    api: &Api,
    context: &CallContext<'_>,
    system: System,
    params: Params,
    document: Option<Arc<Hold>>,
) -> Outcome {
    match system {
        System::Ping | System::Pong | System::Healthcheck => system::ok(context.codec),
        System::Event => match system::client_event(params, context.codec) {
            Ok((name, arguments)) => {
                // Of an event for which no method is registered nobody is told.
                if let Some(method) = api.client_event(&name) {
                    detached(api, context.call(method.path(), arguments, document)).await;
                }
                system::ok(context.codec)
            }
            Err(error) => Outcome { codec: context.codec, result: Err(error) },
        },
        System::Abort | System::Subscribe | System::Unsubscribe => {
            let error =
                ApiError::of(ErrorCode::MethodNotFound).with_reason("Method not found: it works over WebSocket only");
            Outcome { codec: context.codec, result: Err(error) }
        }
    }
}
