//! What a connection writes: events while they are for its peer, answers, and what the protocol asks for.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Sink;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use super::connection::{Connection, FRAMES_AT_ONCE, Outbound};
use super::socket::Next;

/// Bytes of a frame. Larger messages go out in several (RFC 6455, section 5.4): what is encoded is a copy for each client, of what
/// may be the same for all, and the buffer for it is kept.
const FRAME: usize = 64 * 1024;

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

    /// Writes the next frame, or what is buffered; `false` when there is neither.
    fn poll_write_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, Error>> {
        ready!(Pin::new(&mut self.stream).poll_ready(cx))?;
        if self.rest.is_empty() {
            self.writing = None;
        }
        // Taken now that it can be written: before, it might have turned out that it must not be.
        if let Some(frame) = self.next_frame(cx) {
            self.unflushed = true;
            self.keeps(1, frame.len());
            Pin::new(&mut self.stream).start_send(frame)?;
            return Poll::Ready(Ok(true));
        }
        if !self.unflushed {
            return Poll::Ready(Ok(false));
        }
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(true))
    }

    /// The next message, or a frame of one that is large.
    fn next_frame(&mut self, cx: &mut Context<'_>) -> Option<Message> {
        if !self.rest.is_empty() {
            return Some(self.cut(Data::Continue));
        }
        let (payload, kind) = match self.next(cx)? {
            Message::Text(text) if text.len() > FRAME => (Bytes::from(text), Data::Text),
            Message::Binary(bytes) if bytes.len() > FRAME => (bytes, Data::Binary),
            message => return Some(message),
        };
        self.rest = payload;
        Some(self.cut(kind))
    }

    fn cut(&mut self, kind: Data) -> Message {
        let payload = self.rest.split_to(self.rest.len().min(FRAME));
        Message::Frame(Frame::message(payload, OpCode::Data(kind), self.rest.is_empty()))
    }

    /// The next message; `None` also when what is buffered has to be written before.
    fn next(&mut self, cx: &mut Context<'_>) -> Option<Message> {
        if self.may_hear() {
            let may_recheck = self.recheck.is_none() && !self.timers.will_recheck();
            let mut next = self.next_event(may_recheck);
            if may_recheck && matches!(next, Next::RightsUnknown) {
                // It is often done at once.
                self.recheck(cx);
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

    fn next_event(&self, may_recheck: bool) -> Next {
        self.registration.socket.next_event(self.api.bus(), !self.unflushed, may_recheck)
    }

    /// Whether the client does not take what is written to it.
    pub(super) fn is_blocked(&self) -> bool {
        self.unflushed || !self.out.is_empty() || !self.rest.is_empty()
    }
}
