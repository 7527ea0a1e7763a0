//! One connection: served by hyper, closed when it stands still for too long, ended in order when the server stops.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Request, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto;
use pin_project_lite::pin_project;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::io::WatchedStream;
use super::outgoing::Outgoing;
use super::service::HttpService;
use super::stream::Streams;
use super::watch::{Phase, Watch};
use crate::api::Api;

/// Bytes that hyper buffers for the head of a request. Above our own limits, so that it is us who answer.
const HEAD_BUFFER: usize = 64 * 1024;
/// Requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 200;

/// How all connections of a server are served.
pub(super) fn builder(api: &Api) -> auto::Builder<Streams> {
    let mut builder = auto::Builder::new(Streams::new(api.clone()));
    // As many headers as hyper has room for on the stack (100): a limit of our own costs two allocations a request.
    builder.http1().max_buf_size(HEAD_BUFFER).half_close(false);
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
    builder: &auto::Builder<Streams>,
    stream: TcpStream,
    service: &HttpService,
    stopping: CancellationToken,
) {
    let Ok(peer) = stream.peer_addr() else { return };
    let watch = Arc::new(Watch::new());
    let api = service.api().clone();
    let io = WatchedStream::for_hyper(stream, Arc::clone(&watch));
    let service = Arc::new(service.watched(peer.ip(), &watch));
    // A future without a box of its own: hyper has a place for it in the connection.
    let answer = service_fn(move |request: Request<Incoming>| {
        let service = Arc::clone(&service);
        async move {
            let is_stream = request.version() == Version::HTTP_2;
            let response = service.respond(request).await;
            let outgoing =
                |body| if is_stream { Outgoing::of_stream(body, service.watch()) } else { Outgoing::alone(body) };
            Ok::<_, Infallible>(response.map(outgoing))
        }
    });
    let connection = builder.serve_connection_with_upgrades(io, answer);
    let stopping = stopping.cancelled_owned();
    Guarded { connection, api, watch, stopping, stops: false, seen: None, timer: None, waker: None }.await;
}

pin_project! {
    /// A connection with its timer.
    struct Guarded<C> {
        #[pin]
        connection: C,
        api: Api,
        watch: Arc<Watch>,
        #[pin]
        stopping: WaitForCancellationFutureOwned,
        stops: bool,
        seen: Option<(Phase, u32)>,
        timer: Option<Timer>,
        // Whom the stop and the timer wake. While that is the same, they are asked only when they have something to say.
        waker: Option<Waker>,
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
        let is_known = this.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if !is_known {
            *this.waker = Some(cx.waker().clone());
        }
        let asks = !is_known || this.api.is_stopping();
        if asks && !*this.stops && this.stopping.poll(cx).is_ready() {
            *this.stops = true;
            this.connection.as_mut().graceful_shutdown();
        }
        if Future::poll(this.connection, cx).is_ready() {
            return Poll::Ready(());
        }
        let state = this.watch.state();
        let mut asks = !is_known;
        if *this.seen != Some(state) {
            *this.seen = Some(state);
            if state.0 == Phase::Linger {
                // hyper sees that a body was given up when it is polled again.
                cx.waker().wake_by_ref();
            }
            asks |= rearm(this.timer, state.0.limit(this.api.limits()));
        }
        match this.timer {
            Some(timer) if asks || timer.sleep.is_elapsed() => timer.poll(cx),
            _ => Poll::Pending,
        }
    }
}

/// Sets the deadline of a phase. The sleep is moved only when it would end too late; tells whether it was.
fn rearm(timer: &mut Option<Timer>, limit: Option<Duration>) -> bool {
    let deadline = limit.map(|limit| Instant::now() + limit);
    match (timer, deadline) {
        (Some(timer), Some(deadline)) => {
            timer.deadline = Some(deadline);
            let is_late = deadline < timer.sleep.deadline();
            if is_late {
                timer.sleep.as_mut().reset(deadline);
            }
            is_late
        }
        (Some(timer), None) => {
            timer.deadline = None;
            false
        }
        (empty @ None, Some(deadline)) => {
            *empty = Some(Timer { deadline: Some(deadline), sleep: Box::pin(tokio::time::sleep_until(deadline)) });
            true
        }
        (None, None) => false,
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
