//! What a connection writes: events while they are for its peer, answers, and what the protocol asks for.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Sink;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::connection::{Connection, FRAMES_AT_ONCE, Outbound};
use super::socket::Next;

impl Connection {
    /// Writes what there is; `Ready` when the connection is over.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.poll_write_next(cx) {
                Poll::Ready(Ok(true)) => self.timers.write_ended(),
                Poll::Ready(Ok(false)) => break,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => {
                    self.timers.write_is_blocked(self.stream.get_ref().written(), self.api.limits());
                    return Poll::Pending;
                }
            }
        }
        if self.is_closing() {
            self.timers.closed(self.api.limits());
        }
        self.out.shrink_to(FRAMES_AT_ONCE);
        Poll::Pending
    }

    /// Writes the next message, or what is buffered; `false` when there is neither.
    fn poll_write_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        ready!(Pin::new(&mut self.stream).poll_ready(cx))?;
        self.writing = None;
        // Taken now that it can be written: before, it might have turned out that it must not be.
        if let Some(message) = self.next(cx) {
            self.unflushed = true;
            Pin::new(&mut self.stream).start_send(message)?;
            return Poll::Ready(Ok(true));
        }
        if !self.unflushed {
            return Poll::Ready(Ok(false));
        }
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(true))
    }

    /// The next message; `None` also when what is buffered has to be written before.
    fn next(&mut self, cx: &mut Context<'_>) -> Option<Message> {
        if self.may_hear() {
            let may_look = self.look.is_none() && !self.timers.will_recheck();
            let mut next = self.next_event(may_look);
            if may_look && matches!(next, Next::RightsUnknown) {
                // It is often done at once.
                self.look(cx);
                next = self.next_event(false);
            }
            match next {
                Next::Event(message) => return Some(message),
                // Answers come after the events before them.
                Next::AfterFlush => return None,
                Next::Nothing | Next::RightsUnknown => {}
            }
        }
        let Outbound { message, held } = self.out.pop_front()?;
        self.writing = held;
        Some(message)
    }

    fn next_event(&self, may_look: bool) -> Next {
        self.place.socket.next_event(self.api.bus(), !self.unflushed, may_look)
    }

    /// Whether the client does not take what is written to it.
    pub(super) fn is_blocked(&self) -> bool {
        !self.out.is_empty() || self.unflushed
    }
}
