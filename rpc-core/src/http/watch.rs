//! What a connection is doing, so that one that does nothing for too long is closed.
//!
//! The parts of a connection note what they do in a few atomics; no clock is read for that. The connection itself
//! compares after each poll and sets its timer (see `connection`).

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::limits::Limits;

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// The first byte.
    FirstByte,
    /// The end of the headers.
    Headers,
    /// The end of the body.
    Body,
    /// A call, which has a time limit of its own; or on HTTP/2 an answer, which has one too (see `stream`).
    Call,
    /// The next request.
    Idle,
    /// The peer, which does not take what is written.
    Write,
    /// The peer's end of a connection that is closed within a request.
    Linger,
    /// Nothing of HTTP: the connection is a WebSocket now.
    Switched,
}

impl Phase {
    const ALL: [Self; 8] =
        [Self::FirstByte, Self::Headers, Self::Body, Self::Call, Self::Idle, Self::Write, Self::Linger, Self::Switched];

    /// Whether no call has begun: a stop need not wait for what may come.
    pub(super) fn begins(self) -> bool {
        matches!(self, Self::FirstByte | Self::Headers | Self::Body | Self::Idle)
    }

    /// Whether the answer before is out: the next request is being read.
    pub(super) fn ends_answer(self) -> bool {
        matches!(self, Self::Headers | Self::Body)
    }

    /// How long the phase may last without progress.
    pub(super) fn limit(self, limits: &Limits) -> Option<Duration> {
        match self {
            Self::FirstByte => Some(limits.first_byte_timeout),
            Self::Headers => Some(limits.headers_timeout),
            Self::Body => Some(limits.body_timeout),
            Self::Call | Self::Switched => None,
            Self::Idle => Some(limits.idle_timeout),
            Self::Write => Some(limits.write_timeout),
            Self::Linger => Some(limits.linger_timeout),
        }
    }
}

/// What is recorded of one connection.
///
/// On HTTP/1 one task writes them. On HTTP/2 several do: two steps at the same moment may count as one, which changes
/// nothing for a timer that either of them starts anew.
#[derive(Debug)]
pub(super) struct Watch {
    phase: AtomicU8,
    /// Counts changes of phase, and writes that made progress.
    step: AtomicU32,
    /// Requests that run and answers that go out on HTTP/2. On HTTP/1 there is one at a time.
    streams: AtomicU32,
    multiplexed: AtomicBool,
    /// Bytes that the peer took.
    written: AtomicU64,
    write_blocked: AtomicBool,
    /// Milliseconds in which there was nothing to write, within answers that are not whole.
    paused: AtomicU64,
    /// Whether a body that another service gets was not read to its end.
    has_rest: AtomicBool,
}

/// One request of a connection until its response is there, or on HTTP/2 a response until it is out.
#[derive(Debug)]
pub(super) struct Activity<W: Deref<Target = Watch>>(W);

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            phase: AtomicU8::new(Phase::FirstByte as u8),
            step: AtomicU32::new(0),
            streams: AtomicU32::new(0),
            multiplexed: AtomicBool::new(false),
            written: AtomicU64::new(0),
            write_blocked: AtomicBool::new(false),
            paused: AtomicU64::new(0),
            has_rest: AtomicBool::new(false),
        }
    }

    /// What the connection waits for, and a number that changes with every step.
    pub(super) fn state(&self) -> (Phase, u32) {
        let phase = if self.write_blocked.load(Ordering::Relaxed) { Phase::Write } else { self.phase() };
        (phase, self.step.load(Ordering::Relaxed))
    }

    fn phase(&self) -> Phase {
        Phase::ALL.get(usize::from(self.phase.load(Ordering::Relaxed))).copied().unwrap_or(Phase::Idle)
    }

    fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
        self.count();
    }

    fn count(&self) {
        self.step.store(self.step.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    fn is_multiplexed(&self) -> bool {
        self.multiplexed.load(Ordering::Relaxed)
    }

    /// Whether what comes is of a body, or is not wanted any more.
    pub(super) fn reads_body(&self) -> bool {
        matches!(self.phase(), Phase::Body | Phase::Call)
    }

    /// Bytes have come. HTTP/2 announces itself in the first ones; its frames need not be requests.
    pub(super) fn received(&self, bytes: &[u8]) {
        let (phase, _) = self.state();
        if phase == Phase::FirstByte && bytes.starts_with(b"PRI ") {
            self.multiplexed.store(true, Ordering::Relaxed);
            return self.enter(Phase::Idle);
        }
        if matches!(phase, Phase::FirstByte | Phase::Idle) && !self.is_multiplexed() {
            self.enter(Phase::Headers);
        }
    }

    /// The peer takes nothing.
    pub(super) fn write_is_blocked(&self) {
        if !self.write_blocked.load(Ordering::Relaxed) {
            self.write_blocked.store(true, Ordering::Relaxed);
            self.count();
        }
    }

    /// Bytes that the peer took so far.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// The peer took some bytes.
    pub(super) fn write_advanced(&self, bytes: usize) {
        self.written.store(self.written().wrapping_add(bytes as u64), Ordering::Relaxed);
        if self.write_blocked.load(Ordering::Relaxed) {
            self.write_blocked.store(false, Ordering::Relaxed);
            self.count();
        }
    }

    /// There was nothing to write for a time, within an answer.
    pub(super) fn paused_for(&self, time: Duration) {
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.paused.fetch_add(time, Ordering::Relaxed);
    }

    /// How long there was nothing to write so far, within answers.
    pub(super) fn paused(&self) -> Duration {
        Duration::from_millis(self.paused.load(Ordering::Relaxed))
    }

    /// Notes whether something of a body is left that another service gets.
    pub(super) fn has_rest(&self, has_rest: bool) {
        self.has_rest.store(has_rest, Ordering::Relaxed);
    }

    /// A request's headers are complete.
    pub(super) fn request(&self) -> Activity<&Self> {
        if self.is_multiplexed() {
            self.enter_stream();
        } else {
            self.has_rest(false);
            self.enter(Phase::Body);
        }
        Activity(self)
    }

    /// The connection ends before a request was read, and reads on for a moment, however much comes.
    pub(super) fn leaves_unread(&self) {
        if self.phase() != Phase::Linger {
            self.enter(Phase::Linger);
        }
    }

    /// The answer is the last one of HTTP.
    pub(super) fn switches(&self) {
        self.enter(Phase::Switched);
    }

    /// The connection is closed on this side: whether its other side may be within a request, and is to be waited for.
    pub(super) fn closes(&self) -> bool {
        // A head that is none ends in an answer of hyper's.
        if self.phase() == Phase::Headers {
            self.leaves_unread();
        }
        self.phase() == Phase::Linger
    }

    /// Whether the connection is a WebSocket's, which closes it in its own way.
    pub(super) fn has_switched(&self) -> bool {
        self.phase() == Phase::Switched
    }

    /// A response goes out on HTTP/2.
    pub(super) fn sends(self: &Arc<Self>) -> Activity<Arc<Self>> {
        self.enter_stream();
        Activity(Arc::clone(self))
    }

    fn enter_stream(&self) {
        self.streams.fetch_add(1, Ordering::Relaxed);
        self.enter(Phase::Call);
    }
}

impl<W: Deref<Target = Watch>> Activity<W> {
    /// The request is complete and its call runs.
    pub(super) fn runs(&self) {
        self.0.enter(Phase::Call);
    }
}

impl<W: Deref<Target = Watch>> Drop for Activity<W> {
    fn drop(&mut self) {
        let is_last = !self.0.is_multiplexed() || self.0.streams.fetch_sub(1, Ordering::Relaxed) == 1;
        if is_last && !matches!(self.0.phase(), Phase::Linger | Phase::Switched) {
            let has_rest = !self.0.is_multiplexed() && self.0.has_rest.load(Ordering::Relaxed);
            self.0.enter(if has_rest { Phase::Linger } else { Phase::Idle });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Phase, Watch};

    #[test]
    fn a_request_goes_through_its_phases() {
        let watch = Watch::new();
        let phase = || watch.state().0;
        assert_eq!(phase(), Phase::FirstByte);
        watch.received(b"POST");
        assert_eq!(phase(), Phase::Headers);
        let request = watch.request();
        assert_eq!(phase(), Phase::Body);
        watch.received(b"[");
        request.runs();
        assert_eq!(phase(), Phase::Call);
        watch.write_is_blocked();
        assert_eq!(phase(), Phase::Write);
        watch.write_advanced(1);
        drop(request);
        assert_eq!(phase(), Phase::Idle);
    }

    #[test]
    fn only_a_connection_that_is_closed_within_a_request_lingers() {
        let watch = Watch::new();
        assert!(!watch.closes());
        watch.received(b"POST");
        assert!(watch.closes());
        let watch = Watch::new();
        let request = watch.request();
        drop(request);
        assert!(!watch.closes());
        let request = watch.request();
        watch.leaves_unread();
        drop(request);
        assert_eq!((watch.state().0, watch.closes()), (Phase::Linger, true));
    }

    #[test]
    fn a_connection_lingers_after_an_answer_whose_body_another_service_left_unread() {
        let watch = Watch::new();
        for (has_rest, expected) in [(true, Phase::Linger), (false, Phase::Idle)] {
            let request = watch.request();
            watch.has_rest(true);
            drop(request);
            let answer = Arc::new(Watch::new());
            answer.has_rest(has_rest);
            drop(answer.sends());
            assert_eq!(answer.state().0, expected);
        }
        // The next request has a body of its own.
        drop(watch.request());
        assert_eq!(watch.state().0, Phase::Idle);
    }

    #[test]
    fn frames_of_http2_do_not_begin_headers() {
        let watch = Arc::new(Watch::new());
        watch.received(b"PRI * HTTP/2.0");
        watch.received(b"frame");
        assert_eq!(watch.state().0, Phase::Idle);
        let (first, second) = (watch.request(), watch.request());
        drop(first);
        assert_eq!(watch.state().0, Phase::Call);
        let answer = watch.sends();
        drop(second);
        assert_eq!(watch.state().0, Phase::Call);
        drop(answer);
        assert_eq!(watch.state().0, Phase::Idle);
    }
}
