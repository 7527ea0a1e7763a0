//! The events that wait until a connection writes them. Bounded, and empty at no cost.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_tungstenite::tungstenite::Message;

use crate::events::Audience;

/// An event that waits. Whether it is for the peer is decided when it is written: it may wait for long.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) message: Message,
    pub(super) audience: Arc<Audience>,
    /// Whether it is for the peer by what was known of them when it was published. If not, a recheck that is due may say so.
    pub(super) is_expected: bool,
}

/// What becomes of an event now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Write,
    Drop,
    /// It stays where it is; others may go before it.
    Hold,
    /// It stays where it is, and so do all after it.
    Stop,
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    events: Mutex<VecDeque<Queued>>,
    overflowed: AtomicBool,
    shut: AtomicBool,
}

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Queued>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an event. With `max` of them waiting the reader has fallen too far behind: they are dropped, and so is the
    /// connection soon. Events that may turn out to be for somebody else are never the reason for that.
    pub(super) fn push(&self, event: Queued, max: usize) {
        let mut events = self.lock();
        if self.overflowed.load(Ordering::Acquire) || self.shut.load(Ordering::Acquire) {
            return;
        }
        if events.len() >= max {
            if !event.is_expected {
                return;
            }
            events.retain(|event| event.is_expected);
        }
        if events.len() < max {
            events.push_back(event);
        } else {
            *events = VecDeque::new();
            self.overflowed.store(true, Ordering::Release);
        }
    }

    /// Whether events were dropped.
    pub(super) fn has_overflowed(&self) -> bool {
        self.overflowed.load(Ordering::Acquire)
    }

    /// The first event that is to be written now; those before it that are to be dropped are.
    pub(super) fn take(&self, mut judge: impl FnMut(&Audience) -> Verdict) -> Option<Message> {
        let mut events = self.lock();
        let (mut position, mut taken) = (0, None);
        while taken.is_none()
            && let Some(event) = events.get(position)
        {
            match judge(&event.audience) {
                Verdict::Stop => break,
                Verdict::Hold => position += 1,
                Verdict::Drop => drop(events.remove(position)),
                Verdict::Write => taken = events.remove(position).map(|event| event.message),
            }
        }
        if events.is_empty() {
            events.shrink_to_fit();
        }
        taken
    }

    /// Drops all events, and takes no more.
    pub(super) fn shut(&self) {
        let mut events = self.lock();
        self.shut.store(true, Ordering::Release);
        *events = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio_tungstenite::tungstenite::Message;

    use super::{Outbox, Queued, Verdict};
    use crate::events::Audience;

    fn event(text: &str, audience: Audience, is_expected: bool) -> Queued {
        Queued { message: Message::text(text), audience: Arc::new(audience), is_expected }
    }

    /// Everything that is written when events for everyone are, and users' are treated so.
    fn written(outbox: &Outbox, users: Verdict) -> Vec<Message> {
        let judge = |audience: &Audience| if *audience == Audience::Everyone { Verdict::Write } else { users };
        std::iter::from_fn(|| outbox.take(judge)).collect()
    }

    #[test]
    fn what_is_held_back_stays_in_its_order() {
        let outbox = Outbox::default();
        for (text, audience) in
            [("a", Audience::Users), ("b", Audience::Everyone), ("c", Audience::Users), ("d", Audience::Everyone)]
        {
            outbox.push(event(text, audience, true), 4);
        }
        assert_eq!(written(&outbox, Verdict::Stop), []);
        assert_eq!(written(&outbox, Verdict::Hold), [Message::text("b"), Message::text("d")]);
        assert_eq!(written(&outbox, Verdict::Write), [Message::text("a"), Message::text("c")]);
        outbox.push(event("e", Audience::Users, true), 4);
        assert_eq!(written(&outbox, Verdict::Drop), []);
        assert_eq!(written(&outbox, Verdict::Write), []);
    }

    #[test]
    fn only_events_that_are_expected_overflow() {
        let outbox = Outbox::default();
        for _ in 0..3 {
            outbox.push(event("perhaps", Audience::Users, false), 2);
        }
        outbox.push(event("a", Audience::Users, true), 2);
        outbox.push(event("perhaps", Audience::Users, false), 2);
        outbox.push(event("b", Audience::Users, true), 2);
        assert!(!outbox.has_overflowed());
        outbox.push(event("c", Audience::Users, true), 2);
        assert!(outbox.has_overflowed());
        assert_eq!(written(&outbox, Verdict::Write), []);
    }

    #[test]
    fn nothing_comes_into_one_that_is_shut() {
        let outbox = Outbox::default();
        outbox.push(event("a", Audience::Everyone, true), 2);
        outbox.shut();
        outbox.push(event("b", Audience::Everyone, true), 2);
        assert_eq!(written(&outbox, Verdict::Write), []);
        assert!(!outbox.has_overflowed());
    }
}
