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
use http::{Extensions, HeaderMap, Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::upgrade::OnUpgrade;

use super::address::TrustedProxies;
use super::compress;
use super::head::Notes;
use super::origin::Origins;
use super::request_body::RequestBody;
use super::respond::ResponseBody;
use super::route::Incoming;
use super::watch::Watch;
use crate::api::Api;
use crate::budget::{Account, Resource, STREAM_BYTES};
use crate::ws;

/// Whether the parts behind an application answer: asked by `/readyz`.
#[async_trait]
pub trait Readiness: Send + Sync + 'static {
    /// Whether calls can be served now.
    async fn is_ready(&self) -> bool;
}

#[async_trait]
impl<R: Readiness + ?Sized> Readiness for Arc<R> {
    async fn is_ready(&self) -> bool {
        (**self).is_ready().await
    }
}

/// Serves an [`Api`] as a `tower::Service`; cheap to clone. It answers every request, also unknown paths (404).
///
/// Behind [`Server`](super::Server) it knows the address of the peer. Mounted elsewhere it is told with [`peer`](Self::peer);
/// without it all guests count as one for limits.
#[derive(Clone)]
pub struct HttpService {
    shared: Arc<Shared>,
    peer: Option<IpAddr>,
    /// What the connection holds; behind a proxy each request has an account of its own.
    account: Option<Arc<Account>>,
    is_proxied: bool,
    watch: Option<Arc<Watch>>,
}

/// What all clones of a service have in common.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) api: Api,
    pub(super) name: String,
    pub(super) origins: Origins,
    proxies: TrustedProxies,
    readiness: Option<Arc<dyn Readiness>>,
    pub(super) rpc_prefix: Box<str>,
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
            rpc_prefix: "/api".into(),
        };
        Self { shared: Arc::new(shared), peer: None, account: None, is_proxied: false, watch: None }
    }

    /// The name of the application, shown at `/`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.shared_mut().name = name.into();
        self
    }

    /// Lets web pages of an origin read answers and open WebSockets: `https://app.example.com`.
    ///
    /// Pages of the server itself may anyway where it was reached as `localhost` or by an address, such as
    /// `http://192.0.2.1:8080`. Any other name has to be allowed: its owner can point it at this server (DNS rebinding), and a
    /// browser then takes the owner's pages for the server's own.
    #[must_use]
    pub fn allow_origin(mut self, origin: &str) -> Self {
        self.shared_mut().origins.allow(origin);
        self
    }

    /// Where JSON-RPC and WebSocket are served: a path that is neither that of a method or page nor above one, which
    /// [`faults`](Self::faults) tells. Default: `/api`.
    #[must_use]
    pub fn rpc_prefix(mut self, prefix: &str) -> Self {
        self.shared_mut().rpc_prefix = prefix.trim_end_matches('/').into();
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
        self.connected(peer, self.account(peer), None)
    }

    /// The `Api` that is served.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.shared.api
    }

    /// An account for a connection. A proxy passes on what many others send: it has no share of its own.
    pub(super) fn account(&self, peer: IpAddr) -> Arc<Account> {
        let network = (!self.shared.proxies.trusts(peer)).then_some(peer);
        self.api().budget().account(network)
    }

    /// A clone for the requests of one connection.
    pub(super) fn connected(&self, peer: IpAddr, account: Arc<Account>, watch: Option<Arc<Watch>>) -> Self {
        let is_proxied = self.shared.proxies.trusts(peer);
        Self { shared: Arc::clone(&self.shared), peer: Some(peer), account: Some(account), is_proxied, watch }
    }

    pub(super) fn watch(&self) -> Option<&Arc<Watch>> {
        self.watch.as_ref()
    }

    fn shared_mut(&mut self) -> &mut Shared {
        Arc::make_mut(&mut self.shared)
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Whether the connection itself sees to it that the body comes in time.
    pub(super) fn watches_body(&self, version: Version) -> bool {
        self.watch.is_some() && version != Version::HTTP_2
    }

    /// Whether the connection is that of a proxy, which many share.
    pub(super) fn is_proxied(&self) -> bool {
        self.is_proxied
    }

    fn client(&self, headers: &HeaderMap) -> Option<IpAddr> {
        self.peer.map(|peer| self.shared.proxies.client(peer, headers))
    }

    /// What the connection holds.
    pub(super) fn connection(&self) -> Option<&Arc<Account>> {
        self.account.as_ref()
    }

    /// Answers one request.
    pub(super) async fn respond<B>(&self, request: Request<B>) -> Response<ResponseBody>
    where
        B: Body + Unpin + Send + 'static,
        B::Data: Buf + Send,
        B::Error: Into<Box<dyn Error + Send + Sync>> + Send,
    {
        let activity = self.watch.as_deref().map(Watch::request);
        let (mut parts, body) = request.into_parts();
        let notes = Notes::read(&parts.headers);
        let asks = notes.has_upgrade && ws::wants_upgrade(&parts.headers);
        let upgrade = asks.then(|| upgrade(&mut parts.extensions));
        let trace = notes.trace(&parts.headers);
        let (id, has_origin) = (notes.request_id(self.api(), trace.as_ref()), notes.has_origin);
        let client = self.client(&parts.headers);
        let of_client = self.is_proxied.then(|| self.api().budget().account(client));
        let account = of_client.as_ref().or(self.connection());
        let stream = account.filter(|_| parts.version == Version::HTTP_2);
        let stream =
            stream.map(|account| account.take(Resource::Memory, STREAM_BYTES + notes.size() as u64)).transpose();
        let incoming = Incoming { service: self, parts: &parts, notes, id, trace, client, account, activity };
        let mut body = RequestBody::new(body);
        let mut response = match &stream {
            Ok(_held) => incoming.route(&mut body, upgrade.clone()).await,
            Err(exhausted) => incoming.refuse((*exhausted).into()),
        };
        if compress::pays(&response) {
            response = Box::pin(compress::compressed(response, &parts.headers, account)).await;
        }
        // What there is no room for is not waited for either.
        if stream.is_ok() && !body.is_read() {
            Box::pin(incoming.settle(body, &mut response, upgrade)).await;
        }
        if has_origin {
            self.shared.origins.mark(&parts, response.headers_mut());
        }
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            self.watch.as_deref().inspect(|watch| watch.switches());
        }
        response
    }
}

/// The socket to come of a request that asks for a WebSocket: one that fails, where the server that this is mounted in gives none.
fn upgrade(extensions: &mut Extensions) -> OnUpgrade {
    extensions.remove().unwrap_or_else(|| hyper::upgrade::on(Request::new(())))
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
        Box::pin(async move { Ok(service.respond(request.map(Box::pin)).await) })
    }
}
