//! What a connection's peers on this node put before it: events, and the word that its identity is to be looked up anew.
//! Bounded, and empty at no cost.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;
use tokio_tungstenite::tungstenite::Message;

/// Something for a connection to do.
#[derive(Debug, Clone)]
pub(super) enum Push {
    /// Send this.
    Message(Message),
    /// Ask the authenticator again who is at the other end.
    Recheck,
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: Mutex<VecDeque<Push>>,
    overflowed: AtomicBool,
    waker: AtomicWaker,
}

impl Outbox {
    /// Adds an event. With `most` of them waiting the reader has fallen too far behind: they are dropped, and so is the
    /// connection soon.
    pub(super) fn push_event(&self, message: Message, most: usize) {
        if self.overflowed.load(Ordering::Acquire) {
            return;
        }
        {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            if queue.len() >= most {
                *queue = VecDeque::new();
                self.overflowed.store(true, Ordering::Release);
            } else {
                queue.push_back(Push::Message(message));
            }
        }
        self.waker.wake();
    }

    /// Asks for a recheck, once.
    pub(super) fn push_recheck(&self) {
        {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(queue.front(), Some(Push::Recheck)) {
                return;
            }
            queue.push_front(Push::Recheck);
        }
        self.waker.wake();
    }

    /// Wakes the task when there is something new.
    pub(super) fn register(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }

    /// Whether events were dropped.
    pub(super) fn has_overflowed(&self) -> bool {
        self.overflowed.load(Ordering::Acquire)
    }

    pub(super) fn pop(&self) -> Option<Push> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let push = queue.pop_front();
        if queue.is_empty() {
            queue.shrink_to_fit();
        }
        push
    }
}
