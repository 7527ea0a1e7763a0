//! A connection's own task: one future that reads, runs calls, passes events on and writes, none of them in the way of another.
//!
//! It is polled by hand, and is no loop over `select!`. A branch of `select!` is a future that is made anew in each turn, and none of
//! them sees what the others do; here each decision needs several of them:
//!
//! - A client that does not read is not read from, and who does not read events is closed, whatever waits to be written.
//! - An event is taken at the moment when it can be written, since the rights of its hearer are decided then, and only when what was
//!   written before it is flushed.
//! - Up to 64 frames are read, their calls run and their answers written before one flush; a call that waits for nothing is answered
//!   within the poll that read it, without a task or a channel of its own.
//!
//! What that costs, measured with `scripts/bench-instructions.py --only websocket`: of the 18,000 instructions of a call of `test`, 1,600
//! are those of this loop, its timers included.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::calls::{Calls, Ended};
use super::check::Recheck;
use super::frame::{close, close_frame, message};
use super::hub::Registration;
use super::io::{CountedIo, READ_BUFFER};
use super::timers::{Tick, Timers};
use crate::api::Api;
use crate::budget::{Hold, Resource};
use crate::call::Outcome;
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::jsonrpc::{self, CallContext, Id};

/// Bytes that are read before others get their turn.
const BYTES_AT_ONCE: usize = 64 * 1024;
/// Frames that are read before others get their turn.
pub(super) const FRAMES_AT_ONCE: usize = 64;

/// A message that waits to be written, with its room in memory.
pub(super) struct Outbound {
    pub(super) message: Message,
    pub(super) held: Option<Hold>,
}

pub(super) struct Connection {
    pub(super) api: Api,
    pub(super) context: CallContext<'static>,
    pub(super) registration: Registration,
    pub(super) calls: Calls,
    pub(super) undecodable: u32,
    pub(super) stream: WebSocketStream<CountedIo>,
    /// What is to be written whatever rights the client has: answers to its calls, and what the protocol asks for.
    pub(super) out: VecDeque<Outbound>,
    /// Room in memory for the message that is being written, and for the one that is coming.
    pub(super) writing: Option<Hold>,
    reading: Option<Hold>,
    /// Bytes of buffers that large messages left: the protocol's implementation keeps them.
    kept: [usize; 2],
    /// What of a large message is not written yet.
    pub(super) rest: Bytes,
    pub(super) unflushed: bool,
    pub(super) timers: Timers,
    /// The recheck of the credentials that runs.
    pub(super) recheck: Option<Recheck>,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
    state: State,
    /// There is no room for what comes: the rest waits at the client, for as long as a message may take.
    crowded: bool,
    /// A frame was broken: no more are read, only bytes.
    broken: bool,
}

/// The state of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The server stops: what runs is finished, nothing new is read.
    Draining,
    /// The credentials are gone: what runs may be answered still, for a moment, such as the call that signed out.
    Leaving,
    /// The close frame is on its way, or out; the peer's is awaited.
    Closing,
}

impl Connection {
    pub(super) fn new(
        api: Api,
        context: CallContext<'static>,
        registration: Registration,
        stream: WebSocketStream<CountedIo>,
    ) -> Self {
        Self {
            timers: Timers::new(api.limits()),
            stopping: Box::pin(api.stopping().clone().cancelled_owned()),
            api,
            context,
            registration,
            calls: Calls::default(),
            undecodable: 0,
            stream,
            out: VecDeque::new(),
            writing: None,
            reading: None,
            kept: [0; 2],
            rest: Bytes::new(),
            unflushed: false,
            recheck: None,
            state: State::Open,
            crowded: false,
            broken: false,
        }
    }

    /// Queues a message. All messages come through here, except events, which wait in the outbox, and the close frame.
    pub(super) fn send(&mut self, message: Message) {
        if self.state == State::Closing {
            return;
        }
        let account = self.context.share.account.as_ref();
        match account.map(|account| account.take(Resource::Memory, message.len() as u64)).transpose() {
            Ok(held) => self.out.push_back(Outbound { message, held }),
            Err(_exhausted) => {
                self.out.clear();
                self.close(close::POLICY, "answers are not read");
            }
        }
    }

    /// Queues the answer to a request.
    pub(super) fn answer(&mut self, id: &Id, outcome: &Outcome) {
        let codec = outcome.codec;
        self.send(message(codec, jsonrpc::encode_answer(codec, Some(id.as_bytes()), outcome)));
    }

    /// Queues the refusal of a request.
    pub(super) fn refuse(&mut self, codec: Codec, id: &Id, error: ApiError) {
        self.answer(id, &Outcome { codec, result: Err(error) });
    }

    /// Closes: what is answered already goes out, what runs is dropped.
    pub(super) fn close(&mut self, code: u16, reason: &'static str) {
        if self.state == State::Closing {
            return;
        }
        self.calls.clear();
        self.recheck = None;
        self.registration.socket.outbox.shut();
        self.out.push_back(Outbound { message: close_frame(code, reason), held: None });
        self.state = State::Closing;
        self.timers.closes(self.api.limits());
    }

    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub(super) fn is_closing(&self) -> bool {
        self.state == State::Closing
    }

    /// Whether events are delivered still.
    pub(super) fn may_hear(&self) -> bool {
        matches!(self.state, State::Open | State::Draining)
    }

    pub(super) fn ended(&mut self, ended: Ended) {
        match (ended.done, ended.id) {
            (Ok(Some(answer)), _) => self.send(answer),
            (Ok(None), _) | (Err(_), None) => {}
            (Err(_aborted), Some(id)) => {
                self.refuse(id.codec(), &id, ApiError::of(ErrorCode::Aborted));
            }
        }
    }

    /// The credentials are gone.
    pub(super) fn leave(&mut self) {
        self.calls.start_no_more();
        self.registration.socket.outbox.shut();
        if self.state != State::Closing {
            self.state = State::Leaving;
            self.timers.leaves(self.api.limits());
        }
    }

    fn poll_leave(&mut self) {
        if self.state == State::Leaving && self.calls.is_empty() {
            self.close(close::SIGNED_OUT, "credentials are gone");
        }
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>) {
        if self.state == State::Open && self.stopping.as_mut().poll(cx).is_ready() {
            self.state = State::Draining;
        }
        if self.state == State::Draining && self.calls.is_empty() {
            self.close(close::SHUTTING_DOWN, "shutting down");
        }
    }

    /// A client that does not read its events has to connect again.
    fn poll_overflow(&mut self) {
        if self.may_hear() && self.registration.socket.outbox.has_overflowed() {
            self.out.clear();
            self.close(close::POLICY, "events are not read");
        }
    }

    fn poll_calls(&mut self, cx: &mut Context<'_>) {
        let max = self.api.limits().ws_running;
        while let Poll::Ready(ended) = self.calls.poll_next(max, cx) {
            self.ended(ended);
        }
    }

    /// Reads frames; `Ready` when the connection is over.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if matches!(self.state, State::Draining | State::Leaving) {
            return Poll::Pending;
        }
        if self.broken {
            return self.poll_linger(cx);
        }
        if self.crowded {
            self.receives();
            if self.crowded {
                return Poll::Pending;
            }
        }
        let mut bytes = 0;
        for _ in 0..FRAMES_AT_ONCE {
            if bytes > BYTES_AT_ONCE {
                break;
            }
            match Pin::new(&mut self.stream).poll_next(cx) {
                Poll::Pending => {
                    self.receives();
                    return Poll::Pending;
                }
                Poll::Ready(None | Some(Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Io(_)))) => {
                    return Poll::Ready(());
                }
                Poll::Ready(Some(frame)) => {
                    self.timers.heard();
                    bytes += frame.as_ref().map_or(0, Message::len);
                    self.frame(frame, cx);
                    if self.broken {
                        return Poll::Pending;
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// All that came so far is read. What is no whole message yet has a time to become one, and takes memory.
    fn receives(&mut self) {
        let unfinished = self.stream.get_ref().unfinished();
        self.timers.receives(unfinished > 0, self.api.limits());
        let [read, written] = self.kept;
        let counted = (unfinished.max(read) + written) as u64;
        let Some(account) = &self.context.share.account else { return };
        self.crowded = account.resize(&mut self.reading, counted).is_err();
        if self.crowded {
            self.timers.wait_for_room(self.api.limits());
        }
    }

    /// A message was read (0), or a frame written (1), which leaves its buffer.
    pub(super) fn keeps(&mut self, which: usize, bytes: usize) {
        if bytes > READ_BUFFER {
            self.kept[which] = self.kept[which].max(bytes);
        }
    }

    fn frame(&mut self, frame: Result<Message, Error>, cx: &mut Context<'_>) {
        match &frame {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                self.stream.get_mut().message_ended();
                self.keeps(0, message.len());
            }
            Ok(control) => self.stream.get_mut().control_frame(control.len()),
            Err(_) => {}
        }
        match frame {
            Ok(Message::Text(text)) if self.is_open() => self.document(Codec::Json, text.as_bytes(), cx),
            Ok(Message::Binary(bytes)) if self.is_open() => self.document(Codec::MsgPack, &bytes, cx),
            Ok(Message::Ping(_) | Message::Close(_)) => self.unflushed = true,
            Ok(_) => {}
            Err(error) => {
                self.broken = true;
                match error {
                    Error::Capacity(_) => self.close(close::TOO_BIG, "message is too big"),
                    Error::Utf8(_) => self.close(close::UNDECODABLE, "text is not UTF-8"),
                    _ => self.close(close::PROTOCOL, "protocol error"),
                }
            }
        }
    }

    /// After the close frame, what still comes is read and dropped: closing a socket with unread bytes would reset the
    /// connection, and the client might never see the close frame.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let io = self.stream.get_mut();
        if ready!(Pin::new(&mut *io).poll_shutdown(cx)).is_err() {
            return Poll::Ready(());
        }
        loop {
            let mut buffer = [0; 512];
            let mut buffer = ReadBuf::new(&mut buffer);
            match ready!(Pin::new(&mut *io).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                _ => return Poll::Ready(()),
            }
        }
    }
}

impl Future for Connection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.registration.socket.register(cx);
        if let Some(account) = &this.context.share.account {
            account.register(cx);
            // It has to make room for others, at once.
            if account.is_shed() {
                return Poll::Ready(());
            }
        }
        loop {
            this.poll_recheck(cx);
            this.poll_overflow();
            this.poll_calls(cx);
            // Before it stops: who reads gets what was published before.
            if this.poll_write(cx).is_ready() {
                return Poll::Ready(());
            }
            this.poll_stop(cx);
            this.poll_leave();
            // A client that does not read is not read from.
            if !this.is_blocked() && this.poll_read(cx).is_ready() {
                return Poll::Ready(());
            }
            if let Poll::Ready(tick) = this.timers.poll(this.api.limits(), cx) {
                match tick {
                    Tick::Gone => return Poll::Ready(()),
                    Tick::Leave => this.calls.clear(),
                    Tick::Ping => {
                        this.send(Message::Ping(Bytes::new()));
                        this.recheck(cx);
                    }
                    Tick::Recheck => this.recheck(cx),
                    Tick::Room => {}
                }
                continue;
            }
            if !this.is_blocked() {
                return Poll::Pending;
            }
            if this.poll_write(cx).is_ready() {
                return Poll::Ready(());
            }
            if this.is_blocked() {
                return Poll::Pending;
            }
        }
    }
}
