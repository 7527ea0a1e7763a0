//! A connection's own task: one future that reads, runs calls, passes events on and writes, none of them in the way of another.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::calls::{Calls, Done, Ended};
use super::hub::{Place, message};
use super::io::CountedIo;
use super::outbox::Push;
use super::session::{close, close_frame, is_gone};
use super::timers::{Tick, Timers};
use crate::api::Api;
use crate::call::{Credentials, Outcome};
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::jsonrpc::{self, Origin};
use crate::pipeline::authenticate::authenticate;

/// Frames that are read before others get their turn.
const FRAMES_AT_ONCE: usize = 64;

pub(super) struct Connection {
    pub(super) api: Api,
    pub(super) origin: Origin,
    pub(super) place: Place,
    pub(super) calls: Calls,
    pub(super) undecodable: u32,
    stream: WebSocketStream<CountedIo>,
    out: VecDeque<Message>,
    unflushed: bool,
    timers: Timers,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
    state: State,
    recheck: Recheck,
    /// A frame was broken: no more are read, only bytes.
    broken: bool,
}

/// How a connection stands.
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

/// A second look at the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recheck {
    Idle,
    Running,
    /// It may have read what was true before the latest reason for a look: another follows.
    RunningOnceMore,
}

impl Connection {
    pub(super) fn new(api: Api, origin: Origin, place: Place, stream: WebSocketStream<CountedIo>) -> Self {
        Self {
            timers: Timers::new(api.limits()),
            stopping: Box::pin(api.stopping().clone().cancelled_owned()),
            api,
            origin,
            place,
            calls: Calls::default(),
            undecodable: 0,
            stream,
            out: VecDeque::new(),
            unflushed: false,
            state: State::Open,
            recheck: Recheck::Idle,
            broken: false,
        }
    }

    /// Queues a message.
    pub(super) fn send(&mut self, message: Message) {
        if self.state != State::Closing {
            self.out.push_back(message);
        }
    }

    /// Queues the answer to a request.
    pub(super) fn answer(&mut self, codec: Codec, id: &serde_json::Value, result: Result<(), ApiError>) {
        let outcome = match result {
            Ok(()) => jsonrpc::ok(codec),
            Err(error) => Outcome { codec, result: Err(error) },
        };
        self.send(message(codec, jsonrpc::encode_answer(codec, Some(id), &outcome)));
    }

    /// Closes: what is answered already goes out, what runs is dropped.
    pub(super) fn close(&mut self, code: u16, reason: &'static str) {
        if self.state == State::Closing {
            return;
        }
        self.calls.clear();
        self.out.push_back(close_frame(code, reason));
        self.state = State::Closing;
        self.timers.closes(self.api.limits());
    }

    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub(super) fn ended(&mut self, ended: Ended) {
        match ended.done {
            Ok(Done::Answer(Some(message))) => self.send(message),
            Ok(Done::Answer(None)) => {}
            Ok(Done::Identity(result)) => self.identified(result),
            Err(_aborted) => {
                if let Some(id) = ended.id {
                    let codec = self.place.socket.codec();
                    self.answer(codec, &id, Err(ApiError::of(ErrorCode::Aborted)));
                }
            }
        }
    }

    fn identified(&mut self, result: Result<crate::Identity, ApiError>) {
        let once_more = std::mem::replace(&mut self.recheck, Recheck::Idle) == Recheck::RunningOnceMore;
        match result {
            Ok(identity) => {
                self.place.socket.identify(identity);
                self.timers.rechecked();
            }
            Err(error) if is_gone(&error) => self.leave(),
            // It stays open, and each call says that it cannot be answered.
            Err(_unavailable) => self.timers.recheck_failed(self.api.limits()),
        }
        if once_more {
            self.place.socket.outbox.push_recheck();
        }
    }

    fn leave(&mut self) {
        self.calls.start_no_more();
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

    /// Asks the authenticator again. A guest stays one.
    pub(super) fn recheck(&mut self, cx: &mut Context<'_>) {
        if !self.is_open() || matches!(self.origin.credentials, Credentials::None) {
            return;
        }
        if self.recheck != Recheck::Idle {
            self.recheck = Recheck::RunningOnceMore;
            return;
        }
        self.recheck = Recheck::Running;
        let (api, credentials, client) = (self.api.clone(), self.origin.credentials.clone(), self.origin.client);
        let work = Box::pin(async move {
            // Never closed.
            let _turn = api.hub().rechecks.acquire().await;
            Done::Identity(authenticate(&api, credentials, client).await)
        });
        let call = super::calls::Call { id: None, weight: 0, work };
        if let Some(ended) = self.calls.run(call, cx) {
            self.ended(ended);
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

    fn poll_outbox(&mut self, cx: &mut Context<'_>) {
        if matches!(self.state, State::Leaving | State::Closing) {
            return;
        }
        let socket = Arc::clone(&self.place.socket);
        socket.outbox.register(cx);
        if socket.outbox.has_overflowed() {
            self.out.clear();
            return self.close(close::POLICY, "events are not read");
        }
        while self.out.len() < FRAMES_AT_ONCE
            && let Some(push) = socket.outbox.pop()
        {
            match push {
                Push::Message(message) => self.send(message),
                Push::Recheck => self.recheck(cx),
            }
        }
    }

    fn poll_calls(&mut self, cx: &mut Context<'_>) {
        let most = self.api.limits().ws_running;
        while let Poll::Ready(ended) = self.calls.poll_next(most, cx) {
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
        for _ in 0..FRAMES_AT_ONCE {
            match Pin::new(&mut self.stream).poll_next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None | Some(Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Io(_)))) => {
                    return Poll::Ready(());
                }
                Poll::Ready(Some(frame)) => {
                    self.timers.heard();
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

    fn frame(&mut self, frame: Result<Message, Error>, cx: &mut Context<'_>) {
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

    /// Writes what is queued; `Ready` when the connection is over.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let step = if self.out.is_empty() {
                if !self.unflushed {
                    break;
                }
                Pin::new(&mut self.stream).poll_flush(cx).map_ok(|()| self.unflushed = false)
            } else {
                Pin::new(&mut self.stream).poll_ready(cx)
            };
            match step {
                Poll::Pending => {
                    self.timers.write_is_blocked(self.stream.get_ref().written(), self.api.limits());
                    return Poll::Pending;
                }
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) => self.timers.write_ended(),
            }
            if let Some(message) = self.out.pop_front() {
                self.unflushed = true;
                if Pin::new(&mut self.stream).start_send(message).is_err() {
                    return Poll::Ready(());
                }
            }
        }
        if self.state == State::Closing {
            self.timers.closed(self.api.limits());
        }
        self.out.shrink_to(FRAMES_AT_ONCE);
        Poll::Pending
    }

    fn is_blocked(&self) -> bool {
        !self.out.is_empty() || self.unflushed
    }
}

impl Future for Connection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            this.poll_outbox(cx);
            this.poll_calls(cx);
            this.poll_stop(cx);
            this.poll_leave();
            if this.poll_write(cx).is_ready() {
                return Poll::Ready(());
            }
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
