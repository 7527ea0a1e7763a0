//! One request in, one response out, never an error.

use std::convert::Infallible;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http::request::Parts;
use http::{Extensions, Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::upgrade::OnUpgrade;

use super::body::IncomingBody;
use super::compress;
use super::head::ParsedHead;
use super::received::ReceivedBody;
use super::request::RequestContext;
use super::request_body::RequestBody;
use super::respond;
use super::route::Face;
use super::served::ServedBody;
use super::service::HttpService;
use super::watch::Activity;
use crate::budget::{Resource, STREAM_BYTES};
use crate::call::{Outcome, RequestId};
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::ws;

impl HttpService {
    /// Answers one request.
    pub(super) async fn respond<B: IncomingBody + Unpin + 'static>(
        &self,
        parts: &mut Parts,
        body: B,
    ) -> Response<ServedBody> {
        let activity = self.activity();
        let head = ParsedHead::read(&parts.headers);
        let asks = head.has_upgrade && ws::wants_upgrade(&parts.headers);
        let upgrade = asks.then(|| upgrade(&mut parts.extensions));
        let trace = head.trace(&parts.headers);
        let (id, has_origin) = (head.request_id(self.api(), trace.as_ref()), head.has_origin);
        let client = self.client(&parts.headers);
        let of_client = self.is_proxied().then(|| self.api().budget().account(client));
        let account = of_client.as_ref().or(self.connection());
        let stream = account.filter(|_| parts.version == Version::HTTP_2);
        let stream =
            stream.map(|account| account.take(Resource::Memory, STREAM_BYTES + head.size() as u64)).transpose();
        let context = RequestContext { service: self, parts, head, id, trace, client, account, activity };
        let face = match &stream {
            Ok(_held) => context.route(),
            Err(exhausted) => Face::Answered(Box::new(context.refuse((*exhausted).into()))),
        };
        if matches!(face, Face::Foreign) {
            drop(face);
            drop(context);
            // The fallback's body has its own time.
            let activity = self.activity();
            activity.iter().for_each(Activity::runs);
            return Box::pin(self.pass(parts, body, upgrade, id)).await;
        }
        let parts = &*parts;
        let mut body = RequestBody::new(body);
        let mut response = match face {
            Face::Plain(path, Some(method), verb) => context.plain(&path, Some(method), verb, &mut body).await,
            Face::Plain(path, None, verb) => Box::pin(context.page_or_plain(&path, verb, &mut body)).await,
            // No method has this path, whatever the request says of it.
            Face::Outside(verb) => Box::pin(context.plain("", None, verb, &mut body)).await,
            // It was passed on above.
            Face::Foreign => context.refuse(ApiError::of(ErrorCode::MethodNotFound)),
            Face::Rpc(path) => Box::pin(context.rpc(&path, &mut body, upgrade.clone())).await,
            Face::Answered(response) => *response,
        };
        if compress::pays(&response) {
            response = Box::pin(compress::compressed(response, &parts.headers, account)).await;
        }
        // What there is no room for is not waited for either.
        if stream.is_ok() && !body.is_read() {
            Box::pin(context.settle(body, &mut response, upgrade)).await;
        }
        if has_origin {
            self.shared().origins.mark(parts, response.headers_mut());
        }
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.watch().inspect(|watch| watch.switches());
        }
        response.map(ServedBody::from)
    }

    /// Passes a request on to the fallback.
    async fn pass<B: IncomingBody + 'static>(
        &self,
        parts: &mut Parts,
        body: B,
        upgrade: Option<OnUpgrade>,
        id: RequestId,
    ) -> Response<ServedBody> {
        let Some(fallback) = &self.shared().fallback else {
            return refused(ApiError::of(ErrorCode::MethodNotFound), id);
        };
        let watch = self.watch().filter(|_| parts.version != Version::HTTP_2).cloned();
        if let Some(upgrade) = upgrade {
            parts.extensions.insert(upgrade);
        }
        self.tell(&parts.headers, &mut parts.extensions);
        let mut request = Request::new(ReceivedBody::new(body, *self.api().limits(), watch));
        *request.version_mut() = parts.version;
        std::mem::swap(request.method_mut(), &mut parts.method);
        std::mem::swap(request.uri_mut(), &mut parts.uri);
        std::mem::swap(request.headers_mut(), &mut parts.headers);
        std::mem::swap(request.extensions_mut(), &mut parts.extensions);
        match fallback.answer(request).await {
            Ok(response) => {
                if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                    self.watch().inspect(|watch| watch.switches());
                }
                response
            }
            Err(error) => {
                tracing::error!(event = "fallback.failed", error = %error, request_id = %id, "the fallback failed");
                refused(ApiError::internal(error), id)
            }
        }
    }
}

/// The answer where the fallback gives none.
fn refused(error: ApiError, id: RequestId) -> Response<ServedBody> {
    respond::plain(&Outcome { codec: Codec::Json, result: Err(error) }, id).map(ServedBody::from)
}

/// The future socket of a request that asks for a WebSocket. It fails where the server that this is mounted in gives none.
fn upgrade(extensions: &mut Extensions) -> OnUpgrade {
    extensions.remove().unwrap_or_else(|| hyper::upgrade::on(Request::new(())))
}

type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response<ServedBody>, Infallible>> + Send>>;

impl<B> tower_service::Service<Request<B>> for HttpService
where
    B: Body + Send + 'static,
    B::Data: Buf + Send,
    B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
{
    type Response = Response<ServedBody>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        hyper::service::Service::call(self, request)
    }
}

impl<B> hyper::service::Service<Request<B>> for HttpService
where
    B: Body + Send + 'static,
    B::Data: Buf + Send,
    B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
{
    type Response = Response<ServedBody>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn call(&self, request: Request<B>) -> ResponseFuture {
        let service = self.of_request(request.extensions());
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            Ok(service.respond(&mut parts, Box::pin(body)).await)
        })
    }
}
