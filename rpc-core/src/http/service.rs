//! The service: what is served, and what is known of where requests come from.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Buf;
use http::{HeaderMap, Request, Response, Version};
use http_body::Body;
use tower_service::Service;

use super::address::TrustedProxies;
use super::fallback::{Behind, Fallback};
use super::origin::Origins;
use super::received::ReceivedBody;
use super::served::BodyError;
use super::watch::{Activity, Watch};
use crate::api::Api;
use crate::budget::Account;

/// Knows whether the parts behind an application answer. `/readyz` asks it.
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
/// Behind [`Server`](super::Server) it knows the address of the peer, also through [layers](super::Server::layer). Mounted in a
/// server of another kind it is told with [`peer`](Self::peer), or by a [`PeerAddress`](super::PeerAddress) in the extensions of a
/// request; with the feature `axum` it understands `ConnectInfo<SocketAddr>`. Without either all guests count as one for limits.
#[derive(Clone)]
pub struct HttpService {
    shared: Arc<Shared>,
    /// The port is 0 where it is not known.
    peer: Option<SocketAddr>,
    /// What the connection holds; behind a proxy each request has an account of its own.
    account: Option<Arc<Account>>,
    is_proxied: bool,
    watch: Option<Arc<Watch>>,
    /// Other services are between it and its connection, which they keep busy too.
    is_layered: bool,
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
    /// Empty where there is none.
    pub(super) base_path: Box<str>,
    pub(super) fallback: Option<Arc<dyn Fallback>>,
    pub(super) has_welcome: bool,
}

impl Shared {
    /// The path below the base path; `None` for one that is not below it.
    pub(super) fn below_base<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(&*self.base_path).filter(|below| below.is_empty() || below.starts_with('/'))
    }

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
            base_path: "".into(),
            fallback: None,
            has_welcome: true,
        };
        Self { shared: Arc::new(shared), peer: None, account: None, is_proxied: false, watch: None, is_layered: false }
    }

    /// Sets the name of the application, shown at `/`.
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
    ///
    /// An origin is a scheme, a host and maybe a port, without credentials and path: anything else is one of the
    /// [`faults`](Self::faults), `*` too. See [`allow_origin_of`](Self::allow_origin_of) for the URL of an application.
    #[must_use]
    pub fn allow_origin(mut self, origin: &str) -> Self {
        self.shared_mut().origins.allow(origin);
        self
    }

    /// Allows the [origin](Self::allow_origin) of a URL, whatever its path: that of `https://example.com/shop` is
    /// `https://example.com`. For the public URL of an application, which people configure as a whole.
    #[must_use]
    pub fn allow_origin_of(mut self, url: &str) -> Self {
        self.shared_mut().origins.allow_of(url);
        self
    }

    /// Sets the path of JSON-RPC and WebSocket, below the [base path](Self::base_path). It is neither that of a method or page nor
    /// above one; [`faults`](Self::faults) checks that. Default: `/api`.
    #[must_use]
    pub fn rpc_prefix(mut self, prefix: &str) -> Self {
        self.shared_mut().rpc_prefix = without_end(prefix).into();
        self
    }

    /// Serves everything below a path: methods at `/shop/v1/…`, the RPC endpoint at `/shop/api`. For a proxy that passes the
    /// requests below `/shop` on as they are. Default: none.
    ///
    /// `/healthz` and `/readyz` are served below it and at the root: a check that asks the server itself need not know the path.
    /// Other requests that are not below it get a 404. The methods keep their names: JSON-RPC calls and the documents name
    /// them without the base path, and the welcome page shows where they are.
    ///
    /// ```standalone_crate
    /// # use rpc_core::{Api, ApiError, api_method, api_module, http::HttpService};
    /// # api_module! {
    /// #     /// Greetings
    /// #     path = "/v1/greetings"
    /// # }
    /// # /// Say hello
    /// # #[api_method(path = "/v1/greetings/hello", permissions = ["*"])]
    /// # async fn hello() -> Result<(), ApiError> { Ok(()) }
    /// # let api = Api::builder().build()?;
    /// let service = HttpService::new(api).base_path("/shop");
    /// assert!(service.faults().is_empty());
    /// # Ok::<(), rpc_core::BuildError>(())
    /// ```
    #[must_use]
    pub fn base_path(mut self, path: &str) -> Self {
        self.shared_mut().base_path = without_end(path).into();
        self
    }

    /// Gives every request that is not for the API to another service: one for files, an `axum::Router`. For the API are the
    /// methods, the RPC endpoint and the pages `/`, `/healthz` and `/readyz`; without a fallback the rest gets a 404.
    ///
    /// The fallback gets the request as it came, with a body that streams ([`ReceivedBody`]), and knows the other end by
    /// [`PeerAddress`](super::PeerAddress) and [`ClientAddress`](super::ClientAddress). Its answers are passed on as they come, with
    /// their own headers: nothing is compressed, and pages of [allowed origins](Self::allow_origin) read them only where the fallback
    /// says so, also in its answers to preflights. The bounds of a request's head, of slow clients and of memory hold, and these are
    /// refused before it: paths with `..` or control characters, and pages whose name was pointed at this server. When it fails,
    /// the answer is a 500.
    #[must_use]
    pub fn fallback<S, B>(mut self, service: S) -> Self
    where
        S: Service<Request<ReceivedBody>, Response = Response<B>, Error: Into<BodyError>, Future: Send>,
        S: Clone + Send + Sync + 'static,
        B: Body<Data: Buf + Send, Error: Into<BodyError>> + Send + 'static,
    {
        self.shared_mut().fallback = Some(Arc::new(Behind(service)));
        self
    }

    /// Leaves the page `/` to the [fallback](Self::fallback).
    #[must_use]
    pub fn without_welcome(mut self) -> Self {
        self.shared_mut().has_welcome = false;
        self
    }

    /// Sets the proxies that are trusted to name a client's address.
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.shared_mut().proxies = proxies;
        self
    }

    /// Sets who knows whether the application is ready.
    #[must_use]
    pub fn readiness(mut self, readiness: impl Readiness) -> Self {
        self.shared_mut().readiness = Some(Arc::new(readiness));
        self
    }

    /// A clone for the requests of one connection, whose other end has this address.
    #[must_use]
    pub fn peer(&self, peer: IpAddr) -> Self {
        self.connected(SocketAddr::new(peer, 0), self.account(peer), None)
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
    pub(super) fn connected(&self, peer: SocketAddr, account: Arc<Account>, watch: Option<Arc<Watch>>) -> Self {
        let is_proxied = self.shared.proxies.trusts(peer.ip());
        let shared = Arc::clone(&self.shared);
        Self { shared, peer: Some(peer), account: Some(account), is_proxied, watch, is_layered: false }
    }

    /// A clone for a request of a connection that comes through other services.
    pub(super) fn within(&self, outer: &Self) -> Self {
        Self { shared: Arc::clone(&self.shared), is_layered: true, ..outer.clone() }
    }

    pub(super) fn watch(&self) -> Option<&Arc<Watch>> {
        self.watch.as_ref()
    }

    /// Notes a request on the connection, unless the services around it do.
    pub(super) fn activity(&self) -> Option<Activity<&Watch>> {
        self.watch.as_deref().filter(|_| !self.is_layered).map(Watch::request)
    }

    /// The other end of the connection.
    pub(super) fn peer_address(&self) -> Option<SocketAddr> {
        self.peer
    }

    fn shared_mut(&mut self) -> &mut Shared {
        Arc::make_mut(&mut self.shared)
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Whether the connection itself watches the time of the body.
    pub(super) fn watches_body(&self, version: Version) -> bool {
        self.watch.is_some() && !self.is_layered && version != Version::HTTP_2
    }

    /// Whether the connection is that of a proxy, which many share.
    pub(super) fn is_proxied(&self) -> bool {
        self.is_proxied
    }

    pub(super) fn client(&self, headers: &HeaderMap) -> Option<IpAddr> {
        self.peer.map(|peer| self.shared.proxies.client(peer.ip(), headers))
    }

    /// What the connection holds.
    pub(super) fn connection(&self) -> Option<&Arc<Account>> {
        self.account.as_ref()
    }
}

/// A path without the slash at its end. A slash alone stays, for a fault that shows it.
fn without_end(path: &str) -> &str {
    path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path)
}
