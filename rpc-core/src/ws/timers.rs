//! The times of one connection, on one sleep: the next ping, the client's silence, a message that does not end, a write that does
//! not advance, the last calls of a client that leaves, a close that is not answered.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::limits::Limits;

/// How long a client may take to answer a close.
pub(super) const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// When credentials that cannot be checked now are looked at again: doubled each time, up to the time between pings.
const FIRST_RECHECK: Duration = Duration::from_secs(1);

/// The pause between two tries to get room in memory.
const ROOM_WAIT: Duration = Duration::from_millis(100);

/// How long the calls of a client whose credentials are gone may take to end.
const LEAVE_WAIT: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Timers {
    sleep: Pin<Box<Sleep>>,
    next_ping: Instant,
    next_recheck: Option<Instant>,
    recheck_wait: Duration,
    last_heard: Instant,
    /// Since when a message is coming.
    receives_since: Option<Instant>,
    blocked: Option<Blocked>,
    room_at: Option<Instant>,
    leaves_at: Option<Instant>,
    closes_at: Option<Instant>,
    closed_at: Option<Instant>,
}

/// A write that the client does not let end.
#[derive(Debug, Clone, Copy)]
struct Blocked {
    /// Since when it takes nothing, and the bytes that it took until then.
    since: Instant,
    written: u64,
    /// Since when there was always more than it took, and the bytes that it took until then.
    begun: Instant,
    written_before: u64,
}

impl Blocked {
    /// When it has taken nothing for too long, or too little on average.
    fn gone_at(&self, limits: &Limits) -> Instant {
        let taken = limits.time_to_take(self.written - self.written_before);
        self.since.min(self.begun + taken) + limits.write_timeout
    }
}

/// What it is time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tick {
    Ping,
    /// To recheck the credentials.
    Recheck,
    /// To see whether there is room for what the client sends.
    Room,
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
            receives_since: None,
            blocked: None,
            room_at: None,
            leaves_at: None,
            closes_at: None,
            closed_at: None,
        }
    }

    pub(super) fn heard(&mut self) {
        self.last_heard = Instant::now();
    }

    /// All that came so far is read: it ends within a message, or does not.
    pub(super) fn receives(&mut self, is_within_message: bool, limits: &Limits) {
        if !is_within_message {
            self.receives_since = None;
        } else if self.receives_since.is_none() {
            self.receives_since = Some(Instant::now());
            self.rearm(limits);
        }
    }

    /// There is more to write than the client takes, which took `written` bytes so far.
    pub(super) fn write_is_blocked(&mut self, written: u64, limits: &Limits) {
        let since = Instant::now();
        self.blocked = match self.blocked {
            Some(blocked) if blocked.written == written => return,
            Some(blocked) => Some(Blocked { since, written, ..blocked }),
            None => Some(Blocked { since, written, begun: since, written_before: written }),
        };
        self.rearm(limits);
    }

    /// What there was is written. The client was not heard meanwhile, since it was not listened to.
    pub(super) fn write_ended(&mut self) {
        if self.blocked.take().is_some() {
            self.heard();
            self.receives_since = None;
        }
    }

    /// The client leaves.
    pub(super) fn leaves(&mut self, limits: &Limits) {
        if self.leaves_at.is_none() {
            self.leaves_at = Some(Instant::now() + LEAVE_WAIT);
            self.rearm(limits);
        }
    }

    /// The close frame is to go out, after what is queued: a client that closes slowly is not waited for as one that reads slowly.
    pub(super) fn closes(&mut self, limits: &Limits) {
        self.closes_at = Some(Instant::now() + limits.write_timeout);
        self.rearm(limits);
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

    /// There is no room for what the client sends: whether there is some is to be seen soon.
    pub(super) fn wait_for_room(&mut self, limits: &Limits) {
        self.room_at = Some(Instant::now() + ROOM_WAIT);
        self.rearm(limits);
    }

    /// Whether a recheck is planned anyway.
    pub(super) fn will_recheck(&self) -> bool {
        self.next_recheck.is_some()
    }

    fn gone_at(&self, limits: &Limits) -> Instant {
        let silent_at = self.last_heard + limits.ws_silence;
        let stands_still = match (self.blocked, self.receives_since) {
            (Some(blocked), _) => blocked.gone_at(limits),
            (None, Some(since)) => silent_at.min(since + limits.body_timeout),
            (None, None) => silent_at,
        };
        let closed = self.closed_at.map(|at| at + CLOSE_WAIT);
        self.closes_at.into_iter().chain(closed).fold(stands_still, Instant::min)
    }

    fn rearm(&mut self, limits: &Limits) {
        let optional = self.next_recheck.into_iter().chain(self.leaves_at).chain(self.room_at);
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
            let is_room = self.room_at.take_if(|at| now >= *at).is_some();
            let is_recheck = self.next_recheck.take_if(|at| now >= *at).is_some();
            self.rearm(limits);
            if is_ping {
                return Poll::Ready(Tick::Ping);
            }
            if is_recheck {
                return Poll::Ready(Tick::Recheck);
            }
            if is_room {
                return Poll::Ready(Tick::Room);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::{CLOSE_WAIT, Tick, Timers};
    use crate::limits::Limits;

    const SECOND: Duration = Duration::from_secs(1);

    /// How long it takes until the connection is gone, pings aside.
    async fn gone_after(timers: &mut Timers) -> Duration {
        let (begun, limits) = (Instant::now(), Limits::default());
        while poll_fn(|cx| timers.poll(&limits, cx)).await != Tick::Gone {}
        begun.elapsed()
    }

    #[test_waits::test(start_paused = true)]
    async fn a_write_has_its_time_since_the_last_progress() {
        let limits = Limits::default();
        let mut timers = Timers::new(&limits);
        for step in 0..20 {
            let written = step * 30 * limits.write_rate;
            timers.write_is_blocked(written, &limits);
            advance(limits.write_timeout - SECOND).await;
            timers.write_is_blocked(written, &limits);
            assert_eq!(timers.gone_at(&limits), Instant::now() + SECOND);
        }
        assert_eq!(gone_after(&mut timers).await, SECOND);
    }

    #[test_waits::test(start_paused = true)]
    async fn a_write_that_advances_too_slowly_ends() {
        let limits = Limits::default();
        let (mut timers, begun) = (Timers::new(&limits), Instant::now());
        for written in 0.. {
            timers.write_is_blocked(written, &limits);
            if timers.gone_at(&limits) <= Instant::now() + SECOND {
                break;
            }
            advance(SECOND).await;
        }
        assert_eq!(begun.elapsed(), limits.write_timeout);
    }

    #[test_waits::test(start_paused = true)]
    async fn silence_counts_from_the_end_of_a_slow_write() {
        let limits = Limits::default();
        let mut timers = Timers::new(&limits);
        timers.write_is_blocked(0, &limits);
        advance(limits.write_timeout - SECOND).await;
        timers.write_ended();
        assert_eq!(gone_after(&mut timers).await, limits.ws_silence);
    }

    #[test_waits::test(start_paused = true)]
    async fn a_message_has_its_time_from_its_beginning_while_it_can_be_read() {
        let limits = Limits { body_timeout: 10 * SECOND, ..Limits::default() };
        let mut timers = Timers::new(&limits);
        for _ in 0..9 {
            timers.receives(true, &limits);
            timers.heard();
            advance(SECOND).await;
        }
        assert_eq!(timers.gone_at(&limits), Instant::now() + SECOND);
        timers.write_is_blocked(0, &limits);
        assert_eq!(timers.gone_at(&limits), Instant::now() + limits.write_timeout);
        timers.write_ended();
        timers.receives(true, &limits);
        assert_eq!(timers.gone_at(&limits), Instant::now() + limits.body_timeout);
        timers.receives(false, &limits);
        assert_eq!(timers.gone_at(&limits), Instant::now() + limits.ws_silence);
    }

    #[test_waits::test(start_paused = true)]
    async fn a_close_has_its_time_whatever_progress_there_is() {
        let limits = Limits::default();
        let mut timers = Timers::new(&limits);
        timers.closes(&limits);
        advance(limits.write_timeout - SECOND).await;
        timers.write_is_blocked(1, &limits);
        assert_eq!(timers.gone_at(&limits), Instant::now() + SECOND);
        timers.write_ended();
        timers.closed(&limits);
        assert_eq!(gone_after(&mut timers).await, SECOND.min(CLOSE_WAIT));
    }
}
