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
use crate::limits::Limits;

tokio::task_local! {
    /// What hyper does not pass on: the service answers a request without knowing the task that it runs in.
    static OUTFLOW: Arc<Outflow>;
}

/// What a stream does after its answer.
type Rest = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The progress of a stream's answer.
pub(super) struct Outflow {
    begun: Instant,
    /// When it was ready, in milliseconds since `begun`.
    answered: AtomicU64,
    /// When the connection last took some of it, in milliseconds since `begun`.
    last: AtomicU64,
    /// Bytes that the connection took of it.
    taken: AtomicU64,
    /// Since when it waits for the source of the answer, in milliseconds since `begun`.
    paused: AtomicU64,
    rest: OnceLock<Mutex<Option<Rest>>>,
}

impl Outflow {
    /// There is no answer yet.
    const NONE: u64 = u64::MAX;

    fn new() -> Self {
        let [answered, last, paused] = [Self::NONE; 3].map(AtomicU64::new);
        Self { begun: Instant::now(), answered, last, taken: AtomicU64::new(0), paused, rest: OnceLock::new() }
    }

    /// The one of the stream that this task serves.
    pub(super) fn current() -> Option<Arc<Self>> {
        OUTFLOW.try_with(Arc::clone).ok()
    }

    /// Notes that the answer is ready.
    pub(super) fn answered(&self) {
        let since = self.since();
        self.answered.store(since, Ordering::Relaxed);
        self.last.store(since, Ordering::Relaxed);
    }

    /// Notes whether the next piece of the answer is waited for. The client has no part in that, and is given the time.
    pub(super) fn waits_for_source(&self, waits: bool) {
        let paused = self.paused.load(Ordering::Relaxed);
        match (paused == Self::NONE, waits) {
            (true, true) => self.paused.store(self.since(), Ordering::Relaxed),
            (false, false) => {
                let pause = self.since().saturating_sub(paused);
                self.answered.fetch_add(pause, Ordering::Relaxed);
                self.last.store(self.since(), Ordering::Relaxed);
                self.paused.store(Self::NONE, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    /// Leaves something to be done once the answer is out, before the stream ends.
    pub(super) fn leave(&self, rest: Rest) {
        let _ = self.rest.set(Mutex::new(Some(rest)));
    }

    fn take_rest(&self) -> Option<Rest> {
        self.rest.get()?.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The connection took some of the answer.
    pub(super) fn advanced(&self, bytes: usize) {
        self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
        self.last.store(self.since(), Ordering::Relaxed);
    }

    fn since(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(0)
    }

    /// When the answer is given up: without any progress for a time, or with too little since it was there.
    fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let at = |since: u64| self.begun + Duration::from_millis(since) + limits.write_timeout;
        let answered = self.answered.load(Ordering::Relaxed);
        let taken = self.taken.load(Ordering::Relaxed);
        let is_paused = self.paused.load(Ordering::Relaxed) != Self::NONE;
        (answered != Self::NONE && !is_paused)
            .then(|| at(self.last.load(Ordering::Relaxed)).min(at(answered) + limits.time_to_take(taken)))
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
        self.0.tasks().spawn(Stream { work, outflow, limits: *self.0.limits(), timer: None, rest: None });
    }
}

pin_project! {
    /// A stream with its timer. It is reset when it is dropped before its end.
    struct Stream<F> {
        #[pin]
        work: TaskLocalFuture<Arc<Outflow>, F>,
        outflow: Arc<Outflow>,
        limits: Limits,
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
        while let Some(deadline) = this.outflow.deadline(this.limits) {
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
