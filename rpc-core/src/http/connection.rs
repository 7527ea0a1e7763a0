//! One connection: served by hyper, closed when it stands still for too long, ended in order when the server stops.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;
use pin_project_lite::pin_project;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::io::WatchedStream;
use super::service::HttpService;
use super::watch::{Phase, Watch};
use crate::limits::Limits;

/// Bytes that hyper buffers for the head of a request. Above our own limits, so that it is us who answer.
const HEAD_BUFFER: usize = 64 * 1024;
/// Headers of one request.
const MAX_HEADERS: usize = 200;
/// Requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 200;

/// How all connections of a server are served.
pub(super) fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(HEAD_BUFFER).max_headers(MAX_HEADERS).half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(HEAD_BUFFER as u32)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

/// Serves one connection to its end.
pub(super) async fn serve(
    builder: &auto::Builder<TokioExecutor>,
    stream: TcpStream,
    service: &HttpService,
    stopping: CancellationToken,
) {
    let Ok(peer) = stream.peer_addr() else { return };
    let watch = Arc::new(Watch::new());
    let limits = *service.api().limits();
    let io = WatchedStream::for_hyper(stream, Arc::clone(&watch));
    let service = service.watched(peer.ip(), &watch);
    // A future without a box of its own: hyper has a place for it in the connection.
    let answer = service_fn(move |request| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.respond(request).await) }
    });
    let connection = builder.serve_connection_with_upgrades(io, answer);
    let stopping = stopping.cancelled_owned();
    Guarded { connection, watch, limits, stopping, stops: false, seen: None, timer: None }.await;
}

pin_project! {
    /// A connection with its timer.
    struct Guarded<C> {
        #[pin]
        connection: C,
        watch: Arc<Watch>,
        limits: Limits,
        #[pin]
        stopping: WaitForCancellationFutureOwned,
        stops: bool,
        seen: Option<(Phase, u32)>,
        timer: Option<Timer>,
    }
}

/// When the phase that was last seen has lasted too long, and a sleep that ends then or earlier.
struct Timer {
    deadline: Option<Instant>,
    sleep: Pin<Box<Sleep>>,
}

impl<C> Future for Guarded<C>
where
    C: Future + hyper_util::server::graceful::GracefulConnection,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if !*this.stops && this.stopping.poll(cx).is_ready() {
            *this.stops = true;
            this.connection.as_mut().graceful_shutdown();
        }
        if Future::poll(this.connection, cx).is_ready() {
            return Poll::Ready(());
        }
        let state = this.watch.state();
        if *this.seen != Some(state) {
            *this.seen = Some(state);
            rearm(this.timer, state.0.limit(this.limits));
        }
        match this.timer {
            Some(timer) => timer.poll(cx),
            None => Poll::Pending,
        }
    }
}

/// Sets the deadline of a phase. The sleep is moved only when it would end too late.
fn rearm(timer: &mut Option<Timer>, limit: Option<Duration>) {
    let deadline = limit.map(|limit| Instant::now() + limit);
    match (timer, deadline) {
        (Some(timer), Some(deadline)) => {
            timer.deadline = Some(deadline);
            if deadline < timer.sleep.deadline() {
                timer.sleep.as_mut().reset(deadline);
            }
        }
        (Some(timer), None) => timer.deadline = None,
        (empty @ None, Some(deadline)) => {
            *empty = Some(Timer { deadline: Some(deadline), sleep: Box::pin(tokio::time::sleep_until(deadline)) });
        }
        (None, None) => {}
    }
}

impl Timer {
    /// Ready when the deadline has passed.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.sleep.as_mut().poll(cx).is_ready() {
            let next = match self.deadline {
                Some(deadline) if deadline <= self.sleep.deadline() => return Poll::Ready(()),
                Some(deadline) => deadline,
                None => self.sleep.deadline() + Duration::from_secs(1),
            };
            self.sleep.as_mut().reset(next);
        }
        Poll::Pending
    }
}
