//! The service: one request in, one response out, never an error.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Buf;
use http::{HeaderMap, Request, Response, StatusCode, Version, request};
use http_body::Body;

use super::address::TrustedProxies;
use super::cors::Origins;
use super::head::{self, Verb};
use super::respond::{self, ResponseBody};
use super::watch::{Activity, Watch};
use super::{body, pages, path, query};
use crate::api::Api;
use crate::call::{Call, Outcome, RequestId, Transport};
use crate::codec::{Codec, Params};
use crate::error::ApiError;

/// Whether the parts behind an application answer: asked by `/readyz`.
#[async_trait]
pub trait Readiness: Send + Sync + 'static {
    /// Whether calls can be served now.
    async fn is_ready(&self) -> bool;
}

/// Serves an [`Api`] as a `tower::Service`; cheap to clone. It answers every request, also unknown paths (404).
///
/// Behind [`Server`](super::Server) it knows the address of the peer. Mounted elsewhere it is told with [`peer`](Self::peer);
/// without it all guests count as one for limits.
#[derive(Clone)]
pub struct HttpService {
    shared: Arc<Shared>,
    peer: Option<IpAddr>,
    watch: Option<Arc<Watch>>,
}

/// What all clones of a service have in common.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) api: Api,
    pub(super) name: String,
    origins: Origins,
    proxies: TrustedProxies,
    readiness: Option<Arc<dyn Readiness>>,
}

impl Shared {
    pub(super) async fn is_ready(&self) -> bool {
        match &self.readiness {
            Some(readiness) => readiness.is_ready().await,
            None => true,
        }
    }
}

impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpService").field("api", &self.shared.api).field("peer", &self.peer).finish_non_exhaustive()
    }
}

impl HttpService {
    /// Serves an `Api`.
    #[must_use]
    pub fn new(api: Api) -> Self {
        let shared = Shared {
            api,
            name: "API".to_owned(),
            origins: Origins::default(),
            proxies: TrustedProxies::default(),
            readiness: None,
        };
        Self { shared: Arc::new(shared), peer: None, watch: None }
    }

    /// The name of the application, shown at `/`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.shared_mut().name = name.into();
        self
    }

    /// Lets web pages of an origin read answers: `https://app.example.com`. Those of the server's own host may anyway.
    #[must_use]
    pub fn allow_origin(mut self, origin: &str) -> Self {
        self.shared_mut().origins.allow(origin);
        self
    }

    /// The proxies whose word about a client's address is taken.
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.shared_mut().proxies = proxies;
        self
    }

    /// Who knows whether the application is ready.
    #[must_use]
    pub fn readiness(mut self, readiness: impl Readiness) -> Self {
        self.shared_mut().readiness = Some(Arc::new(readiness));
        self
    }

    /// A clone for the requests of one connection, whose other end has this address.
    #[must_use]
    pub fn peer(&self, peer: IpAddr) -> Self {
        Self { shared: Arc::clone(&self.shared), peer: Some(peer), watch: None }
    }

    /// The `Api` that is served.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.shared.api
    }

    pub(super) fn watched(&self, peer: IpAddr, watch: &Arc<Watch>) -> Self {
        Self { shared: Arc::clone(&self.shared), peer: Some(peer), watch: Some(Arc::clone(watch)) }
    }

    fn shared_mut(&mut self) -> &mut Shared {
        Arc::make_mut(&mut self.shared)
    }

    async fn respond<B>(self, request: Request<B>) -> Response<ResponseBody>
    where
        B: Body,
        B::Data: Buf,
        B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
    {
        let activity = self.watch.as_ref().map(Watch::request);
        let (parts, body) = request.into_parts();
        let id = head::request_id(&parts.headers, self.api());
        let mut response = match self.route(&parts, body, id, activity.as_ref()).await {
            Ok(response) => response,
            Err(error) => respond::outcome(&Outcome { codec: Codec::Json, result: Err(error) }, &parts.headers, id),
        };
        self.shared.origins.mark(&parts.headers, response.headers_mut());
        response
    }

    async fn route<B>(
        &self,
        parts: &request::Parts,
        body: B,
        id: RequestId,
        activity: Option<&Activity>,
    ) -> Result<Response<ResponseBody>, ApiError>
    where
        B: Body,
        B::Data: Buf,
        B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
    {
        head::check_size(parts, self.api().limits())?;
        let path = path::normalize(parts.uri.path())?;
        let verb = head::verb(&parts.method)?;
        if verb == Verb::Preflight {
            return Ok(self.preflight(&parts.headers, id));
        }
        if self.api().find(&path).is_none()
            && let Some(page) = pages::answer(&self.shared, &path, &parts.headers, id).await
        {
            return Ok(page);
        }
        let codec = head::codec(&parts.headers);
        let answer_in = codec.as_ref().map_or(Codec::Json, |codec| *codec);
        let params = match (codec, verb) {
            (Err(error), _) => Params::Unreadable(error),
            (Ok(_), Verb::Body) => self.read_body(parts, body, &path).await,
            (Ok(_), _) => query_params(parts.uri.query()),
        };
        if let Some(activity) = activity {
            activity.runs();
        }
        let call = self.call(parts, &path, params, answer_in, id);
        if head::is_void(&parts.headers) {
            return Ok(match self.api().admit(call).await {
                Ok(admitted) => {
                    admitted.detach();
                    respond::empty(StatusCode::ACCEPTED, id)
                }
                Err(refused) => respond::outcome(&refused, &parts.headers, id),
            });
        }
        Ok(respond::outcome(&self.api().call(call).await, &parts.headers, id))
    }

    fn call<'a>(&self, parts: &request::Parts, path: &'a str, params: Params, codec: Codec, id: RequestId) -> Call<'a> {
        Call {
            path,
            params,
            codec,
            credentials: super::credentials::read(&parts.headers),
            transport: Transport::Http,
            client: head::client(&self.shared.proxies, self.peer, &parts.headers),
            request_id: id,
            upload: None,
        }
    }

    /// Reads the body within the method's limit and time. What is wrong with it is told in its turn.
    async fn read_body<B>(&self, parts: &request::Parts, body: B, path: &str) -> Params
    where
        B: Body,
        B::Data: Buf,
        B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
    {
        let limits = self.api().limits();
        let limit = self.api().find(path).map_or(limits.max_body, |method| method.limits().max_body);
        let read = body::read(&parts.headers, body, limit);
        let watched = self.watch.is_some() && parts.version != Version::HTTP_2;
        let read = if watched {
            read.await
        } else {
            let late = |_| Err(ApiError::new(408, "The body took too long (`body_timeout`)"));
            tokio::time::timeout(limits.body_timeout, read).await.unwrap_or_else(late)
        };
        read.map_or_else(Params::Unreadable, Params::Encoded)
    }

    fn preflight(&self, headers: &HeaderMap, id: RequestId) -> Response<ResponseBody> {
        let mut response = respond::empty(StatusCode::NO_CONTENT, id);
        response.headers_mut().insert(http::header::ALLOW, http::HeaderValue::from_static(super::ALLOWED_VERBS));
        self.shared.origins.mark_preflight(headers, response.headers_mut());
        response
    }
}

fn query_params(query: Option<&str>) -> Params {
    match query::parameter(query) {
        Ok(None) => Params::None,
        Ok(Some(parameter)) => Params::Positional(vec![parameter]),
        Err(error) => Params::Unreadable(error),
    }
}

type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, Infallible>> + Send>>;

impl<B> tower_service::Service<Request<B>> for HttpService
where
    B: Body + Send + 'static,
    B::Data: Buf + Send,
    B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
{
    type Response = Response<ResponseBody>;
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
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn call(&self, request: Request<B>) -> ResponseFuture {
        let service = self.clone();
        Box::pin(async move { Ok(service.respond(request).await) })
    }
}
