//! The calls of one connection: so many run at once, so many wait, each can be aborted by its id.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::future::{AbortHandle, Abortable, Aborted};
use futures_util::stream::FuturesUnordered;
use tokio_tungstenite::tungstenite::Message;

use crate::jsonrpc::Id;

/// The future of a call. It may take its time, and ends with an answer for the client; with none for a notification.
pub(super) type CallFuture = Pin<Box<dyn Future<Output = Option<Message>> + Send>>;

/// The future of a call, with what is needed to count and to abort it.
pub(super) struct CallTask {
    pub(super) id: Option<Id>,
    /// Calls that it stands for: the entries of a batch.
    pub(super) weight: usize,
    pub(super) future: CallFuture,
}

/// How many calls one connection may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallLimits {
    /// Calls that run at once.
    pub(super) running: usize,
    /// Calls that wait.
    pub(super) waiting: usize,
}

struct Running {
    weight: usize,
    id: Option<Id>,
    future: Abortable<CallFuture>,
}

impl Future for Running {
    type Output = (usize, Ended);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let done = std::task::ready!(Pin::new(&mut self.future).poll(cx));
        Poll::Ready((self.weight, Ended { id: self.id.take(), done }))
    }
}

#[derive(Default)]
pub(super) struct Calls {
    running: FuturesUnordered<Running>,
    running_weight: usize,
    waiting: VecDeque<CallTask>,
    waiting_weight: usize,
    aborts: Vec<(Id, AbortHandle)>,
}

/// There is no room for a call, running or waiting.
pub(super) struct Full;

/// A call that has ended.
pub(super) struct Ended {
    pub(super) id: Option<Id>,
    /// `Err` for an aborted call.
    pub(super) done: Result<Option<Message>, Aborted>,
}

impl Calls {
    /// Whether no call runs or waits.
    pub(super) fn is_empty(&self) -> bool {
        self.running_weight == 0 && self.waiting.is_empty()
    }

    /// Whether a call of a weight may run now. One that is heavier than all may be, a batch, runs alone.
    fn has_room(&self, weight: usize, max: usize) -> bool {
        self.running_weight == 0 || self.running_weight + weight <= max
    }

    /// Accepts a call. It runs now when there is room, and is done at once when it does not have to wait for anything.
    pub(super) fn start(
        &mut self,
        call: CallTask,
        limits: CallLimits,
        cx: &mut Context<'_>,
    ) -> Result<Option<Ended>, Full> {
        if self.waiting.is_empty() && self.has_room(call.weight, limits.running) {
            return Ok(self.run(call, cx));
        }
        if self.waiting_weight + call.weight > limits.waiting {
            return Err(Full);
        }
        self.waiting_weight += call.weight;
        self.waiting.push_back(call);
        Ok(None)
    }

    /// Runs a call whether there is room or not.
    fn run(&mut self, mut call: CallTask, cx: &mut Context<'_>) -> Option<Ended> {
        if let Poll::Ready(done) = call.future.as_mut().poll(cx) {
            return Some(Ended { id: call.id, done: Ok(done) });
        }
        let (handle, registration) = AbortHandle::new_pair();
        if let Some(id) = &call.id {
            self.aborts.push((id.clone(), handle));
        }
        self.running_weight += call.weight;
        let future = Abortable::new(call.future, registration);
        self.running.push(Running { weight: call.weight, id: call.id, future });
        None
    }

    /// The next call that ends.
    pub(super) fn poll_next(&mut self, max: usize, cx: &mut Context<'_>) -> Poll<Ended> {
        while let Some(next) = self.waiting.front() {
            if !self.has_room(next.weight, max) {
                break;
            }
            let Some(call) = self.waiting.pop_front() else { break };
            self.waiting_weight -= call.weight;
            if let Some(ended) = self.run(call, cx) {
                return Poll::Ready(ended);
            }
        }
        let Poll::Ready(Some((weight, ended))) = self.running.poll_next_unpin(cx) else { return Poll::Pending };
        self.running_weight -= weight;
        if let Some(id) = &ended.id
            && let Some(position) = self.aborts.iter().position(|(known, _)| known == id)
        {
            self.aborts.swap_remove(position);
        }
        Poll::Ready(ended)
    }

    /// Aborts the call with an id. One that waits has ended with that; one that runs ends when it is polled next.
    pub(super) fn abort(&mut self, id: &Id) -> Option<Ended> {
        if let Some((_, handle)) = self.aborts.iter().find(|(known, _)| known == id) {
            handle.abort();
            return None;
        }
        let position = self.waiting.iter().position(|call| call.id.as_ref() == Some(id))?;
        let call = self.waiting.remove(position)?;
        self.waiting_weight -= call.weight;
        Some(Ended { id: call.id, done: Err(Aborted) })
    }

    /// Drops the calls that wait: they will not run.
    pub(super) fn start_no_more(&mut self) {
        self.waiting.clear();
        self.waiting_weight = 0;
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
