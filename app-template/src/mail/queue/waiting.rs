//! The mails that wait, in shares of those who caused them, and whose turn it is.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rpc_auth::MailCause;

use crate::mail::Mail;

/// A mail that waits. Times are those of [`Clock::elapsed`](rpc_core::Clock::elapsed).
pub(super) struct WaitingMail {
    pub(super) mail: Mail,
    pub(super) cause: MailCause,
    pub(super) queued: Duration,
    pub(super) due: Duration,
    pub(super) attempts: u32,
}

impl WaitingMail {
    pub(super) fn new(mail: Mail, cause: MailCause, now: Duration) -> Self {
        Self { mail, cause, queued: now, due: now, attempts: 0 }
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
    /// Look again when this has passed, or something has happened.
    In(Duration),
    /// Nothing waits.
    None,
}

/// What became of a mail that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    /// It waits.
    Yes,
    /// It waits in place of another one, which was dropped.
    InPlaceOfAnother,
    /// It was dropped.
    No,
}

#[derive(Default)]
pub(super) struct Waiting(Mutex<State>);

#[derive(Default)]
struct State {
    /// Of everybody who has mails that wait; whose turn is next comes first.
    shares: VecDeque<Share>,
    /// Who caused the mails that senders have taken out, and neither done nor put back.
    in_flight: Vec<MailCause>,
    closed: bool,
}

/// The mails that somebody caused; there is at least one.
struct Share {
    cause: MailCause,
    mails: Vec<WaitingMail>,
}

impl Share {
    /// The index of the mail that was due first; of such, the one that came first.
    fn first(&self) -> Option<usize> {
        let mails = self.mails.iter().enumerate();
        mails.min_by_key(|(_, mail)| (mail.due, mail.queued)).map(|(index, _)| index)
    }

    fn due(&self) -> Duration {
        self.mails.iter().map(|mail| mail.due).min().unwrap_or(Duration::MAX)
    }
}

impl Waiting {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a mail in. When `capacity` is used up, whoever has the most waiting loses the newest of it, be it this mail.
    pub(super) fn add(&self, mail: WaitingMail, capacity: usize) -> Added {
        let mut state = self.state();
        if state.closed {
            return Added::No;
        }
        if state.count() < capacity {
            state.put(mail);
            return Added::Yes;
        }
        if !state.make_room_for(mail.cause) {
            return Added::No;
        }
        state.put(mail);
        Added::InPlaceOfAnother
    }

    /// Takes out a mail that is due, of whoever waits longest for a turn. While the queue is open, nobody has more than
    /// `max` at once.
    pub(super) fn next(&self, now: Duration, max: usize) -> Next {
        let mut state = self.state();
        let may_have = |share: &Share| state.closed || state.in_flight_of(share.cause) < max;
        let turn = state.shares.iter().position(|share| share.due() <= now && may_have(share));
        if let Some(mail) = turn.and_then(|turn| state.take(turn)) {
            return Next::Due(mail);
        }
        if state.shares.is_empty() {
            return Next::None;
        }
        let later = state.shares.iter().map(Share::due).filter(|due| *due > now).min();
        Next::In(later.map_or(Duration::MAX, |due| due - now))
    }

    /// A mail that was taken out waits again.
    pub(super) fn put_back(&self, mail: WaitingMail) {
        let mut state = self.state();
        state.landed(mail.cause);
        state.put(mail);
    }

    /// A mail that was taken out is gone.
    pub(super) fn done(&self, cause: MailCause) {
        self.state().landed(cause);
    }

    pub(super) fn make_due(&self) {
        let mut state = self.state();
        state.shares.iter_mut().flat_map(|share| &mut share.mails).for_each(|mail| mail.due = Duration::ZERO);
    }

    pub(super) fn count(&self) -> usize {
        self.state().count()
    }

    /// From now on there is no room.
    pub(super) fn close(&self) {
        self.state().closed = true;
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    #[cfg(test)]
    pub(super) fn subjects(&self) -> Vec<String> {
        let state = self.state();
        state.shares.iter().flat_map(|share| &share.mails).map(|mail| mail.mail.subject().to_owned()).collect()
    }

    /// Drops what waits. Returns how many.
    pub(super) fn clear(&self) -> usize {
        std::mem::take(&mut self.state().shares).iter().map(|share| share.mails.len()).sum()
    }
}

impl State {
    fn count(&self) -> usize {
        self.shares.iter().map(|share| share.mails.len()).sum::<usize>() + self.in_flight.len()
    }

    fn in_flight_of(&self, cause: MailCause) -> usize {
        self.in_flight.iter().filter(|other| **other == cause).count()
    }

    /// Who had nothing waiting is the last whose turn comes.
    fn put(&mut self, mail: WaitingMail) {
        match self.shares.iter_mut().find(|share| share.cause == mail.cause) {
            Some(share) => share.mails.push(mail),
            None => self.shares.push_back(Share { cause: mail.cause, mails: vec![mail] }),
        }
    }

    /// Takes a mail out of a share, whose next turn comes after that of all others.
    fn take(&mut self, turn: usize) -> Option<WaitingMail> {
        let mut share = self.shares.remove(turn)?;
        let mail = share.mails.remove(share.first()?);
        self.in_flight.push(mail.cause);
        if !share.mails.is_empty() {
            self.shares.push_back(share);
        }
        Some(mail)
    }

    fn landed(&mut self, cause: MailCause) {
        if let Some(index) = self.in_flight.iter().position(|other| *other == cause) {
            self.in_flight.swap_remove(index);
        }
    }

    /// Drops the newest mail of the largest share, unless a mail more would make this one as large.
    fn make_room_for(&mut self, cause: MailCause) -> bool {
        let own = self.shares.iter().find(|share| share.cause == cause).map_or(0, |share| share.mails.len());
        let Some(largest) = self.shares.iter_mut().max_by_key(|share| share.mails.len()) else { return false };
        if own + 1 >= largest.mails.len() {
            return false;
        }
        let newest = largest.mails.iter().enumerate().max_by_key(|(_, mail)| mail.queued).map(|(index, _)| index);
        newest.map(|index| largest.mails.remove(index)).is_some()
    }
}
