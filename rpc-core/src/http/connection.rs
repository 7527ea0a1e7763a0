//! One connection: served by hyper, closed when it stands still for too long, ended in order when the server stops.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Request, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto;
use pin_project_lite::pin_project;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::content::SMALL;
use super::front::Front;
use super::io::WatchedStream;
use super::outgoing::Outgoing;
use super::passing::{Passing, Sent};
use super::served::{Served, ServedBody, WholeBody};
use super::service::HttpService;
use super::stream::Streams;
use super::watch::{Phase, Watch};
use crate::api::Api;
use crate::budget::{Account, Hold, Resource};
use crate::limits::Limits;

/// Bytes for the head of a request beyond our own limits, so that it is us who answer.
const HEAD_BUFFER: u64 = 8 * 1024;
/// Bytes of bodies that come in on a stream, or on a connection of HTTP/2, before they are read.
const WINDOW: u32 = 256 * 1024;
/// Bytes of answers that HTTP/2 takes over from a stream before the client takes them.
const SEND_BUFFER: usize = 64 * 1024;
/// How long a connection that has begun no call may stay when the server stops.
const STOP_WAIT: Duration = Duration::from_millis(500);
/// Requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 100;

/// An accepted connection, with its part of the budget.
pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) account: Arc<Account>,
    pub(super) slot: [Hold; 2],
}

/// How all connections of a server are served.
pub(super) fn builder(api: &Api) -> auto::Builder<Streams> {
    let mut builder = auto::Builder::new(Streams::new(api.clone()));
    // As many headers as hyper has room for on the stack (100): a limit of our own costs two allocations a request.
    let head = api.limits().request_line.saturating_add(api.limits().headers).saturating_add(HEAD_BUFFER);
    let head = usize::try_from(head).unwrap_or(usize::MAX);
    builder.http1().max_buf_size(head).half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(head).unwrap_or(u32::MAX))
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

/// Serves one connection to its end.
pub(super) async fn serve<F: Front>(
    builder: &auto::Builder<Streams>,
    accepted: Accepted,
    (service, front): (&HttpService, F),
    stopping: CancellationToken,
) {
    let Accepted { stream, peer, account, slot } = accepted;
    let watch = Arc::new(Watch::new());
    let api = service.api().clone();
    let io = WatchedStream::for_hyper(stream, Arc::clone(&watch));
    let service = Arc::new(service.connected(peer, Arc::clone(&account), Some(Arc::clone(&watch))));
    // A future without a box of its own: hyper has a place for it in the connection.
    let answer = service_fn(move |request: Request<Incoming>| {
        let (service, front) = (Arc::clone(&service), front.clone());
        async move {
            let is_stream = request.version() == Version::HTTP_2;
            let response = front.answer(&service, request).await;
            Ok::<_, Infallible>(response.map(|body| sent(&service, body, is_stream)))
        }
    });
    let connection = builder.serve_connection_with_upgrades(io, answer);
    let stopping = stopping.cancelled_owned();
    let guarded = Guarded {
        connection,
        api,
        watch,
        account,
        stopping,
        stops: false,
        seen: None,
        write: None,
        timer: None,
        waker: None,
    };
    guarded.await;
    drop(slot);
}

/// The body of an answer on its way.
fn sent(service: &Arc<HttpService>, body: ServedBody, is_stream: bool) -> Sent {
    match body.0 {
        Served::Whole(body) => {
            let held = hold(service, &body, is_stream);
            let watch = service.watch();
            Sent::Whole(if is_stream { Outgoing::of_stream(body, held, watch) } else { Outgoing::alone(body, held) })
        }
        Served::Passed(body) => Sent::Passed(Box::new(Passing::new(body, service, is_stream))),
    }
}

/// Room for an answer until the client has taken it. Where there is none, its connection closes.
fn hold(service: &HttpService, body: &WholeBody, is_stream: bool) -> Option<Hold> {
    let size = body.size_hint().exact().unwrap_or(0);
    if size == 0 || (!is_stream && size <= SMALL) {
        return None;
    }
    let account = service.connection()?;
    let held = account.take(Resource::Memory, size);
    if held.is_err() && !service.is_proxied() {
        account.shed();
    }
    held.ok()
}

pin_project! {
    /// A connection with its timer.
    struct Guarded<C> {
        #[pin]
        connection: C,
        api: Api,
        watch: Arc<Watch>,
        account: Arc<Account>,
        #[pin]
        stopping: WaitForCancellationFutureOwned,
        stops: bool,
        seen: Option<(Phase, u32)>,
        write: Option<SlowWrite>,
        timer: Option<Timer>,
        // Whom the stop and the timer wake. While that is the same, they are asked only when they have something to say.
        waker: Option<Waker>,
    }
}

/// An answer that the peer does not take at once.
#[derive(Debug, Clone, Copy)]
struct SlowWrite {
    since: Instant,
    /// Bytes that the connection had written until then.
    written: u64,
    /// How long it had had nothing to write until then.
    paused: Duration,
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
            this.account.register(cx);
        }
        if this.account.is_shed() {
            return Poll::Ready(());
        }
        let asks = !is_known || this.api.is_stopping();
        if asks && !*this.stops && this.stopping.poll(cx).is_ready() {
            *this.stops = true;
            *this.seen = None;
            this.connection.as_mut().graceful_shutdown();
        }
        if Future::poll(this.connection, cx).is_ready() {
            return Poll::Ready(());
        }
        let state = this.watch.state();
        if this.account.is_shed() {
            return Poll::Ready(());
        }
        let mut asks = !is_known;
        if *this.seen != Some(state) {
            *this.seen = Some(state);
            let limits = this.api.limits();
            let limit = match state.0 {
                Phase::Write => Some(time_to_write(this.write, this.watch, limits)),
                phase if *this.stops && phase.begins() => Some(STOP_WAIT),
                phase => phase.limit(limits),
            };
            if state.0.ends_answer() {
                *this.write = None;
            }
            if state.0 == Phase::Linger {
                // hyper sees that a body was given up when it is polled again.
                cx.waker().wake_by_ref();
            }
            asks |= rearm(this.timer, limit);
        }
        match this.timer {
            Some(timer) if asks || timer.sleep.is_elapsed() => timer.poll(cx),
            _ => Poll::Pending,
        }
    }
}

/// How long the peer may go on not to take anything: it has a time, and a least rate on average.
fn time_to_write(write: &mut Option<SlowWrite>, watch: &Watch, limits: &Limits) -> Duration {
    let (now, written, paused) = (Instant::now(), watch.written(), watch.paused());
    let write = write.get_or_insert(SlowWrite { since: now, written, paused });
    let time = limits.write_timeout + paused.saturating_sub(write.paused);
    let deadline = write.since + time + limits.time_to_take(written.saturating_sub(write.written));
    deadline.saturating_duration_since(now).min(limits.write_timeout)
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
