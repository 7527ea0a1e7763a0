//! What answers the requests of a server's connections: the API itself, or the services around it.

use std::fmt;
use std::sync::Arc;

use bytes::Buf;
use http::{Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::body::Incoming;
use tower_service::Service;

use super::fallback::ask;
use super::received::ReceivedBody;
use super::respond;
use super::served::{BodyError, ServedBody};
use super::service::HttpService;
use super::watch::Watch;
use crate::budget::{Resource, STREAM_BYTES};
use crate::call::Outcome;
use crate::codec::Codec;
use crate::error::ApiError;

/// What answers requests. Only [`Direct`] and [`Layered`] do.
pub trait Front: sealed::Sealed + Clone + Send + Sync + 'static {
    /// Answers a request of a connection.
    #[doc(hidden)]
    fn answer(
        self,
        service: &Arc<HttpService>,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<ServedBody>> + Send;
}

/// The API answers itself.
#[derive(Debug, Clone, Copy)]
pub struct Direct;

/// The API answers behind other services, see [`Server::layer`](super::Server::layer).
#[derive(Clone)]
pub struct Layered<S>(pub(super) S);

impl<S> fmt::Debug for Layered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layered").finish_non_exhaustive()
    }
}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for Direct {}

impl<S> sealed::Sealed for Layered<S> {}

impl Front for Direct {
    async fn answer(self, service: &Arc<HttpService>, request: Request<Incoming>) -> Response<ServedBody> {
        let (mut parts, body) = request.into_parts();
        service.respond(&mut parts, body).await
    }
}

impl<S, B> Front for Layered<S>
where
    S: Service<Request<ReceivedBody>, Response = Response<B>, Error: Into<BodyError>, Future: Send>,
    S: Clone + Send + Sync + 'static,
    B: Body<Data: Buf + Send, Error: Into<BodyError>> + Send + 'static,
{
    async fn answer(self, service: &Arc<HttpService>, request: Request<Incoming>) -> Response<ServedBody> {
        let _activity = service.watch().map(Watch::sends);
        let is_stream = request.version() == Version::HTTP_2;
        let account = service.connection().filter(|_| is_stream);
        let _room = match account.map(|account| account.take(Resource::Memory, STREAM_BYTES)).transpose() {
            Ok(room) => room,
            Err(exhausted) => return refused(service, exhausted.into()),
        };
        let watch = service.watch().filter(|_| !is_stream).cloned();
        let (mut parts, body) = request.into_parts();
        service.tell(&parts.headers, &mut parts.extensions);
        service.leave(&mut parts.extensions);
        let body = ReceivedBody::new(body, *service.api().limits(), watch);
        match Box::pin(ask(self.0, Request::from_parts(parts, body))).await {
            Ok(response) => {
                if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                    service.watch().inspect(|watch| watch.switches());
                }
                response
            }
            Err(error) => {
                tracing::error!(event = "layer.failed", error = %error, "a service around the API failed");
                refused(service, ApiError::internal(error))
            }
        }
    }
}

/// The answer where the services around the API give none.
fn refused(service: &HttpService, error: ApiError) -> Response<ServedBody> {
    let outcome = Outcome { codec: Codec::Json, result: Err(error) };
    respond::plain(&outcome, service.api().request_id()).map(ServedBody::from)
}
