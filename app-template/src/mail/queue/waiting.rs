//! The mails that wait, and when each is due.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::mail::Mail;

/// A mail that waits. Times are those of [`Clock::elapsed`](rpc_core::Clock::elapsed).
pub(super) struct WaitingMail {
    pub(super) mail: Mail,
    pub(super) queued: Duration,
    pub(super) due: Duration,
    pub(super) attempts: u32,
}

impl WaitingMail {
    pub(super) fn new(mail: Mail, now: Duration) -> Self {
        Self { mail, queued: now, due: now, attempts: 0 }
    }

    /// The wait after the attempts so far: it doubles with each.
    pub(super) fn wait(&self, first: Duration, longest: Duration) -> Duration {
        let doublings = self.attempts.saturating_sub(1);
        first.saturating_mul(2_u32.saturating_pow(doublings)).min(longest)
    }
}

/// What a sender is to do.
pub(super) enum Next {
    /// Send this.
    Due(WaitingMail),
    /// Look again when this has passed.
    In(Duration),
    /// Nothing waits.
    None,
}

#[derive(Default)]
pub(super) struct Waiting(Mutex<State>);

#[derive(Default)]
struct State {
    mails: Vec<WaitingMail>,
    /// Taken out by a sender, neither done nor put back.
    in_flight: usize,
    closed: bool,
}

impl Waiting {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there was room.
    pub(super) fn add(&self, mail: WaitingMail, capacity: usize) -> bool {
        let mut state = self.state();
        let has_room = !state.closed && state.mails.len() + state.in_flight < capacity;
        if has_room {
            state.mails.push(mail);
        }
        has_room
    }

    /// Takes out the mail that was due first.
    pub(super) fn next(&self, now: Duration) -> Next {
        let mut state = self.state();
        let first =
            state.mails.iter().enumerate().min_by_key(|(_, mail)| mail.due).map(|(place, mail)| (place, mail.due));
        match first {
            None => Next::None,
            Some((_, due)) if due > now => Next::In(due - now),
            Some((place, _)) => {
                state.in_flight += 1;
                Next::Due(state.mails.remove(place))
            }
        }
    }

    /// A mail that was taken out waits again.
    pub(super) fn put_back(&self, mail: WaitingMail) {
        let mut state = self.state();
        state.in_flight -= 1;
        state.mails.push(mail);
    }

    /// A mail that was taken out is gone.
    pub(super) fn done(&self) {
        self.state().in_flight -= 1;
    }

    pub(super) fn make_due(&self) {
        self.state().mails.iter_mut().for_each(|mail| mail.due = Duration::ZERO);
    }

    pub(super) fn count(&self) -> usize {
        let state = self.state();
        state.mails.len() + state.in_flight
    }

    /// From now on there is no room.
    pub(super) fn close(&self) {
        self.state().closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Throws away what waits. How many.
    pub(super) fn clear(&self) -> usize {
        std::mem::take(&mut self.state().mails).len()
    }
}
