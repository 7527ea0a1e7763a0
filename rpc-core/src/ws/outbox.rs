//! What a connection's peers on this node put before it: events, and the word that its identity is to be looked up anew.
//! Bounded, and empty at no cost.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use tokio_tungstenite::tungstenite::Message;

/// Something for a connection to do.
#[derive(Debug, Clone)]
pub(super) enum Push {
    /// Send this.
    Message(Message),
    /// Ask the authenticator again who is at the other end.
    Recheck,
    /// More events came than the reader took.
    Overflow,
}

#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: Mutex<VecDeque<Push>>,
    waker: AtomicWaker,
}

impl Outbox {
    /// Adds an event; with `most` of them waiting, they make room for the word that there were too many.
    pub(super) fn push_event(&self, message: Message, most: usize) {
        {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            match queue.back() {
                Some(Push::Overflow) => return,
                _ if queue.len() >= most => {
                    queue.clear();
                    queue.push_back(Push::Overflow);
                }
                _ => queue.push_back(Push::Message(message)),
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

    pub(super) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Push> {
        if let Some(push) = self.pop() {
            return Poll::Ready(push);
        }
        self.waker.register(cx.waker());
        self.pop().map_or(Poll::Pending, Poll::Ready)
    }

    fn pop(&self) -> Option<Push> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let push = queue.pop_front();
        if queue.is_empty() {
            queue.shrink_to_fit();
        }
        push
    }
}
