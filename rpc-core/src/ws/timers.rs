//! The times of one connection, on one sleep: the next ping, the client's silence, a write that does not advance, the last
//! calls of a client that leaves, a close that is not answered.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::limits::Limits;

/// How long a client may take to answer a close.
pub(super) const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// When credentials that cannot be checked now are looked at again: doubled each time, up to the time between pings.
const FIRST_RECHECK: Duration = Duration::from_secs(1);

/// How long the calls of a client whose credentials are gone may take to end.
const LEAVE_WAIT: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Timers {
    sleep: Pin<Box<Sleep>>,
    next_ping: Instant,
    next_recheck: Option<Instant>,
    recheck_wait: Duration,
    last_heard: Instant,
    blocked_since: Option<Instant>,
    leaves_at: Option<Instant>,
    closed_at: Option<Instant>,
}

/// What it is time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tick {
    Ping,
    /// To look at the credentials again.
    Recheck,
    /// The client has to be gone by now.
    Leave,
    /// The connection is as good as gone.
    Gone,
}

impl Timers {
    pub(super) fn new(limits: &Limits) -> Self {
        let now = Instant::now();
        let next_ping = now + limits.ws_ping;
        Self {
            sleep: Box::pin(sleep_until(next_ping)),
            next_ping,
            next_recheck: None,
            recheck_wait: FIRST_RECHECK,
            last_heard: now,
            blocked_since: None,
            leaves_at: None,
            closed_at: None,
        }
    }

    pub(super) fn heard(&mut self) {
        self.last_heard = Instant::now();
    }

    pub(super) fn write_is_blocked(&mut self, limits: &Limits) {
        if self.blocked_since.is_none() {
            self.blocked_since = Some(Instant::now());
            self.rearm(limits);
        }
    }

    pub(super) fn write_advanced(&mut self) {
        self.blocked_since = None;
    }

    /// The client leaves.
    pub(super) fn leaves(&mut self, limits: &Limits) {
        if self.leaves_at.is_none() {
            self.leaves_at = Some(Instant::now() + LEAVE_WAIT);
            self.rearm(limits);
        }
    }

    /// The close frame is out.
    pub(super) fn closed(&mut self, limits: &Limits) {
        if self.closed_at.is_none() {
            self.closed_at = Some(Instant::now());
            self.rearm(limits);
        }
    }

    /// The credentials could be checked.
    pub(super) fn rechecked(&mut self) {
        self.next_recheck = None;
        self.recheck_wait = FIRST_RECHECK;
    }

    /// The credentials could not be checked.
    pub(super) fn recheck_failed(&mut self, limits: &Limits) {
        self.next_recheck = Some(Instant::now() + self.recheck_wait);
        self.recheck_wait = (self.recheck_wait * 2).min(limits.ws_ping);
        self.rearm(limits);
    }

    fn gone_at(&self, limits: &Limits) -> Instant {
        let silent = self.last_heard + limits.ws_silence;
        let blocked = self.blocked_since.map(|since| since + limits.write_timeout);
        let closed = self.closed_at.map(|at| at + CLOSE_WAIT);
        blocked.into_iter().chain(closed).fold(silent, Instant::min)
    }

    fn rearm(&mut self, limits: &Limits) {
        let optional = self.next_recheck.into_iter().chain(self.leaves_at);
        let next = optional.fold(self.gone_at(limits).min(self.next_ping), Instant::min);
        if next != self.sleep.deadline() {
            self.sleep.as_mut().reset(next);
        }
    }

    pub(super) fn poll(&mut self, limits: &Limits, cx: &mut Context<'_>) -> Poll<Tick> {
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            let now = Instant::now();
            if now >= self.gone_at(limits) {
                return Poll::Ready(Tick::Gone);
            }
            if self.leaves_at.take_if(|at| now >= *at).is_some() {
                self.rearm(limits);
                return Poll::Ready(Tick::Leave);
            }
            let is_ping = now >= self.next_ping;
            if is_ping {
                self.next_ping = now + limits.ws_ping;
            }
            let is_recheck = self.next_recheck.take_if(|at| now >= *at).is_some();
            self.rearm(limits);
            if is_ping {
                return Poll::Ready(Tick::Ping);
            }
            if is_recheck {
                return Poll::Ready(Tick::Recheck);
            }
        }
    }
}
