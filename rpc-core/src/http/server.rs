//! A small server of its own: accepts, serves, and stops in order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Buf;
use http::{Request, Response};
use http_body::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

use super::connection::{self, Accepted};
use super::front::{Direct, Front, Layered};
use super::received::ReceivedBody;
use super::served::BodyError;
use super::service::HttpService;
use crate::budget::{Budget, CONNECTION_BYTES, Resource};

/// The pause after an error of `accept`, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The pause between two log lines about that.
const TELL_AGAIN: Duration = Duration::from_secs(1);

/// A socket that listens, and what it serves.
///
/// `F` is what answers: the API itself, or the services [around](Self::layer) it.
#[derive(Debug)]
pub struct Server<F = Direct> {
    listener: TcpListener,
    service: HttpService,
    front: F,
    drain: Duration,
    connections: TaskTracker,
}

/// The connections of a server. Clones count the same ones.
#[derive(Debug, Clone)]
pub struct Connections(TaskTracker);

impl Connections {
    /// How many are open now, without WebSockets.
    #[must_use]
    pub fn open(&self) -> usize {
        self.0.len()
    }
}

/// How a server stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Calls that were still running when the time to drain was over, and were dropped.
    pub cut: u64,
}

impl Server<Direct> {
    /// Listens on an address. Port 0 takes any free one.
    ///
    /// # Errors
    ///
    /// The address cannot be bound: in use, not permitted, not of this machine. The service has
    /// [faults](HttpService::faults): all of them, as `InvalidInput`.
    pub async fn bind(service: HttpService, address: SocketAddr) -> io::Result<Self> {
        let faults: Vec<String> = service.faults().iter().map(ToString::to_string).collect();
        if !faults.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, faults.join("; ")));
        }
        Ok(Self::on(TcpListener::bind(address).await?, service))
    }

    /// Serves on a socket that listens already, so that a program learns that it cannot have an address before it begins anything
    /// else. Clients that connect meanwhile wait. It does not ask for the [faults](HttpService::faults) of the service.
    #[must_use]
    pub fn on(listener: TcpListener, service: HttpService) -> Self {
        Self { listener, service, front: Direct, drain: Duration::from_secs(10), connections: TaskTracker::new() }
    }

    /// Puts services around the API: `layer` gets the API as a `tower` service, and gives the one that is served in its place, such as
    /// a `tower::ServiceBuilder` with layers or an `axum::Router` with the API as its fallback.
    ///
    /// What the server knows of a connection goes along with each request: the API knows its client, what the client makes it hold
    /// is counted on the connection, and the bounds of slow clients hold, also for services beside the API. They find
    /// [`PeerAddress`](super::PeerAddress) and [`ClientAddress`](super::ClientAddress) in the extensions of a request, and with the
    /// feature `axum` `ConnectInfo<SocketAddr>`. A stop waits for their answers as for calls, which it then refuses. Where the
    /// services fail, the answer is a 500. Which web pages may read the answers of services beside the API is theirs to say.
    ///
    /// ```
    /// # use rpc_core::http::{HttpService, Server};
    /// use axum::{Router, routing::get};
    ///
    /// # async fn run(service: HttpService) -> std::io::Result<()> {
    /// let server = Server::bind(service, ([127, 0, 0, 1], 0).into()).await?;
    /// let router = Router::new().route("/about", get(async || "A page of the router.\n"));
    /// server.layer(|api| router.fallback_service(api)).serve(std::future::pending()).await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn layer<S, B>(self, layer: impl FnOnce(HttpService) -> S) -> Server<Layered<S>>
    where
        S: Service<Request<ReceivedBody>, Response = Response<B>, Error: Into<BodyError>, Future: Send>,
        S: Clone + Send + Sync + 'static,
        B: Body<Data: Buf + Send, Error: Into<BodyError>> + Send + 'static,
    {
        let Self { listener, service, front: Direct, drain, connections } = self;
        let front = Layered(layer(service.clone()));
        Server { listener, service, front, drain, connections }
    }
}

impl<F: Front> Server<F> {
    /// How long running calls may take after the stop began. Default 10 s.
    #[must_use]
    pub fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Its connections, to be counted while it serves.
    #[must_use]
    pub fn connections(&self) -> Connections {
        Connections(self.connections.clone())
    }

    /// The address with the real port.
    ///
    /// # Errors
    ///
    /// The system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown` is ready; then stops accepting, refuses new calls with 503, and waits for those that run.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) -> Stopped {
        let Self { listener, service, front, drain, connections: tasks } = self;
        let stopping = CancellationToken::new();
        tokio::select! {
            () = accept(&listener, (&service, &front), &tasks, &stopping) => {}
            () = shutdown => {}
        }
        drop(listener);
        let api = service.api();
        api.stop();
        stopping.cancel();
        tasks.close();
        let drained = async {
            tasks.wait().await;
            api.drained().await;
        };
        let cut = match tokio::time::timeout(drain, drained).await {
            Ok(()) => 0,
            Err(_) => api.active_calls(),
        };
        Stopped { cut }
    }
}

async fn accept<F: Front>(
    listener: &TcpListener,
    (service, front): (&HttpService, &F),
    tasks: &TaskTracker,
    stopping: &CancellationToken,
) {
    let builder = Arc::new(connection::builder(service.api()));
    loop {
        let stream = next(listener, service.api().budget()).await;
        let Some(accepted) = admit(stream, service) else { continue };
        let (builder, stopping) = (Arc::clone(&builder), stopping.clone());
        let (service, front) = (service.clone(), front.clone());
        tasks.spawn(async move { connection::serve(&builder, accepted, (&service, front), stopping).await });
    }
}

/// Takes room for a connection. Where there is none, the connection is closed, so that others do not wait behind it.
fn admit(stream: TcpStream, service: &HttpService) -> Option<Accepted> {
    let peer = stream.peer_addr().ok()?;
    let account = service.account(peer.ip());
    let slot = account.take(Resource::Connections, 1).ok()?;
    let memory = account.take(Resource::Memory, CONNECTION_BYTES).ok()?;
    // Answers are whole: waiting for more to send would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(event = "socket.nodelay", %error, "TCP_NODELAY could not be set");
    }
    Some(Accepted { stream, peer, account, slot: [slot, memory] })
}

/// The next connection, whatever errors come before it. When there are no descriptors left, an idle connection makes room.
async fn next(listener: &TcpListener, budget: &Budget) -> TcpStream {
    let mut told: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                budget.shed_idle();
                if told.is_none_or(|at| at.elapsed() >= TELL_AGAIN) {
                    told = Some(Instant::now());
                    tracing::warn!(event = "accept.failed", %error, "a connection could not be accepted");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
