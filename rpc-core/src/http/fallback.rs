//! Another service: the one behind an API, which gets what is not for the API, or the one around it.

use std::future::poll_fn;
use std::pin::Pin;

use bytes::Buf;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::received::ReceivedBody;
use super::served::{BodyError, ServedBody};

type Answer = Pin<Box<dyn Future<Output = Result<Response<ServedBody>, BodyError>> + Send>>;

/// The service that gets what is not for the API.
pub(super) trait Fallback: Send + Sync {
    fn answer(&self, request: Request<ReceivedBody>) -> Answer;
}

/// A `tower` service as a [`Fallback`].
pub(super) struct Behind<S>(pub(super) S);

impl<S, B> Fallback for Behind<S>
where
    S: Service<Request<ReceivedBody>, Response = Response<B>, Error: Into<BodyError>, Future: Send>,
    S: Clone + Send + Sync + 'static,
    B: Body<Data: Buf + Send, Error: Into<BodyError>> + Send + 'static,
{
    fn answer(&self, request: Request<ReceivedBody>) -> Answer {
        Box::pin(ask(self.0.clone(), request))
    }
}

/// Asks another service.
pub(super) async fn ask<S, B>(mut service: S, request: Request<ReceivedBody>) -> Result<Response<ServedBody>, BodyError>
where
    S: Service<Request<ReceivedBody>, Response = Response<B>, Error: Into<BodyError>>,
    B: Body<Data: Buf + Send, Error: Into<BodyError>> + Send + 'static,
{
    poll_fn(|cx| service.poll_ready(cx)).await.map_err(Into::into)?;
    let response = service.call(request).await.map_err(Into::into)?;
    Ok(response.map(ServedBody::passed))
}
