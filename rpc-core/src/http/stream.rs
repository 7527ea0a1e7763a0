//! One request of an HTTP/2 connection, as a task: it ends when the client does not take its answer.
//!
//! The connection has a write time-out of its own, but a client that keeps the windows of its streams shut (RFC 9113, section
//! 5.2) blocks no write: its answers would wait in memory for as long as it likes.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::Executor;
use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::api::Api;

tokio::task_local! {
    /// What hyper does not pass on: the service answers a request without knowing the task that it runs in.
    static OUTFLOW: Arc<Outflow>;
}

/// What a stream does after its answer.
type Rest = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How far the answer of a stream has come.
pub(super) struct Outflow {
    begun: Instant,
    /// When the connection last took some of it, in milliseconds since `begun`.
    last: AtomicU64,
    rest: OnceLock<Mutex<Option<Rest>>>,
}

impl Outflow {
    /// There is no answer yet.
    const NONE: u64 = u64::MAX;

    fn new() -> Self {
        Self { begun: Instant::now(), last: AtomicU64::new(Self::NONE), rest: OnceLock::new() }
    }

    /// That of the stream whose task this is.
    pub(super) fn current() -> Option<Arc<Self>> {
        OUTFLOW.try_with(Arc::clone).ok()
    }

    /// The answer is there, or the connection took some of it.
    pub(super) fn advanced(&self) {
        let since = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(0);
        self.last.store(since, Ordering::Relaxed);
    }

    /// Leaves something to be done once the answer is out, before the stream ends.
    pub(super) fn leave(&self, rest: Rest) {
        let _ = self.rest.set(Mutex::new(Some(rest)));
    }

    fn take_rest(&self) -> Option<Rest> {
        self.rest.get()?.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn last(&self) -> Option<Instant> {
        let last = self.last.load(Ordering::Relaxed);
        (last != Self::NONE).then(|| self.begun + Duration::from_millis(last))
    }
}

/// Starts the streams of a server's connections, as tasks of its `Api`.
#[derive(Debug, Clone)]
pub(super) struct Streams(Api);

impl Streams {
    pub(super) fn new(api: Api) -> Self {
        Self(api)
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, work: F) {
        let outflow = Arc::new(Outflow::new());
        let work = OUTFLOW.scope(Arc::clone(&outflow), work);
        self.0.tasks().spawn(Stream { work, outflow, limit: self.0.limits().write_timeout, timer: None, rest: None });
    }
}

pin_project! {
    /// A stream with its timer. It is reset when it is dropped before its end.
    struct Stream<F> {
        #[pin]
        work: TaskLocalFuture<Arc<Outflow>, F>,
        outflow: Arc<Outflow>,
        limit: Duration,
        timer: Option<Pin<Box<Sleep>>>,
        rest: Option<Rest>,
    }
}

impl<F: Future<Output = ()>> Future for Stream<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.rest.is_none() && this.work.poll(cx).is_ready() {
            *this.rest = this.outflow.take_rest();
            if this.rest.is_none() {
                return Poll::Ready(());
            }
        }
        if let Some(rest) = this.rest {
            return rest.as_mut().poll(cx);
        }
        while let Some(last) = this.outflow.last() {
            let deadline = last + *this.limit;
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if timer.deadline() != deadline {
                timer.as_mut().reset(deadline);
            }
            ready!(timer.as_mut().poll(cx));
        }
        Poll::Pending
    }
}
