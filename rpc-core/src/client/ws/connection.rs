//! One connection, from the handshake to its end: what is read and what is written do not wait for each other.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::connect::Stream;
use super::shared::Heard;
use super::task::{End, Task};
use super::{Command, message};
use crate::client::request::Request;
use crate::codec::{Codec, Piece};
use crate::jsonrpc;

/// How long the server may take to answer a close.
const CLOSE_WAIT: Duration = Duration::from_secs(1);
/// Pongs that wait to be written.
const PONGS: usize = 16;
/// The server's close codes for credentials that are gone, and for bad ones.
const SIGNED_OUT: [u16; 2] = [4000, 4401];

impl Task {
    /// Serves one connection.
    pub(super) async fn serve_connection(&mut self, stream: Stream) -> End {
        let (mut sink, mut stream) = stream.split();
        let (pongs, mut pending_pongs) = mpsc::channel(PONGS);
        let shared = Arc::clone(&self.shared);
        let silence = self.keep_alive.saturating_mul(5) / 2;
        let reading = read(&mut stream, silence, |codec, bytes| {
            if let Heard::Ping(id) = shared.hear(codec, bytes) {
                let pong = message(codec, jsonrpc::encode_method(codec, Some(Piece::Value(&id)), "/pong", None));
                // A server that asks faster than it reads has to do without.
                let _ = pong.map(|pong| pongs.try_send(pong));
            }
        });
        let closing = self.closing.clone();
        let end = tokio::select! {
            end = reading => end,
            _failed = self.write(&mut sink, &mut pending_pongs) => End::Lost,
            () = closing.cancelled() => End::Closed,
        };
        if end == End::Closed {
            let _ = tokio::time::timeout(CLOSE_WAIT, say_goodbye(&mut sink, &mut stream)).await;
        }
        end
    }

    /// Writes what callers ask for, until that fails.
    async fn write(
        &mut self,
        sink: &mut SplitSink<Stream, Message>,
        pongs: &mut mpsc::Receiver<Message>,
    ) -> Result<Infallible, Error> {
        let names = self.shared.subscriptions();
        if !names.is_empty()
            && let Some(subscribe) = self.notification("/subscribe", &[names.into()])
        {
            sink.send(subscribe).await?;
        }
        let mut pings = interval_at(Instant::now() + self.keep_alive, self.keep_alive);
        loop {
            let next = tokio::select! {
                Some(id) = self.aborts.recv() => self.abort(id),
                Some(command) = self.commands.recv() => self.take(command),
                Some(pong) = pongs.recv() => Some(pong),
                _ = pings.tick() => self.ping(),
            };
            if let Some(message) = next {
                sink.feed(message).await?;
            }
            if self.commands.is_empty() && self.aborts.is_empty() {
                sink.flush().await?;
            }
        }
    }

    /// A command's message; none where its caller has gone already.
    fn take(&self, command: Command) -> Option<Message> {
        match command {
            Command::Call { reply, .. } if reply.is_closed() => None,
            Command::Call { id, message, reply } => {
                self.shared.expect(id, reply);
                Some(message)
            }
            Command::Notification(message) => Some(message),
        }
    }

    /// Asks the server to end a call, if it is not answered yet.
    fn abort(&self, id: u64) -> Option<Message> {
        if self.shared.forget(id) { self.notification("/abort", &[id.into()]) } else { None }
    }

    /// A ping. Nobody waits for its answer: any message shows that the server is there.
    fn ping(&self) -> Option<Message> {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let request = Request::new(Some(id), "/ping", ()).and_then(|request| request.encode(self.codec));
        message(self.codec, request.ok()?).ok()
    }

    fn notification(&self, method: &str, params: &[Value]) -> Option<Message> {
        message(self.codec, jsonrpc::encode_method(self.codec, None, method, Some(params))).ok()
    }
}

/// Reads to the end, or until nothing comes any more.
async fn read(stream: &mut SplitStream<Stream>, silence: Duration, mut hear: impl FnMut(Codec, &[u8])) -> End {
    let mut end = End::Lost;
    loop {
        match tokio::time::timeout(silence, stream.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => hear(Codec::Json, text.as_bytes()),
            Ok(Some(Ok(Message::Binary(bytes)))) => hear(Codec::MsgPack, &bytes),
            Ok(Some(Ok(Message::Close(Some(frame))))) if SIGNED_OUT.contains(&frame.code.into()) => {
                end = End::SignedOut;
            }
            Ok(Some(Ok(_))) => {}
            Ok(None | Some(Err(_))) | Err(_) => return end,
        }
    }
}

async fn say_goodbye(sink: &mut SplitSink<Stream, Message>, stream: &mut SplitStream<Stream>) {
    let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    if sink.send(Message::Close(Some(frame))).await.is_ok() {
        while stream.next().await.is_some_and(|frame| frame.is_ok()) {}
    }
}
