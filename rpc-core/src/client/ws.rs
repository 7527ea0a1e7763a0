//! Calls and events over WebSocket, on one connection that is made again when it is lost.

mod backoff;
pub(super) mod builder;
mod connect;
mod connection;
mod shared;
mod task;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_util::sync::DropGuard;
use tokio_util::task::TaskTracker;

use self::builder::WsClientBuilder;
use self::shared::{Reply, Shared};
use super::answer::Answer;
use super::error::ClientError;
use super::request::Request;
use crate::codec::Codec;

/// Calls methods and hears events over one WebSocket. Cheap to clone; the connection closes with the last clone.
///
/// Calls run at once. A lost connection is made again, after 100 ms at first and 30 s at last, and its subscriptions with it:
/// calls that were sent end with [`ClientError::ConnectionLost`] and are not repeated, calls that were not sent yet wait
/// for the new connection as long as their time lasts. Events of the time between are missed.
#[derive(Clone)]
pub struct WsClient {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    /// One word at most for each command, so it holds no more than the queue of those and the calls in flight.
    aborts: mpsc::UnboundedSender<u64>,
    codec: Codec,
    timeout: Duration,
    tasks: TaskTracker,
    closing: std::sync::Mutex<Option<DropGuard>>,
}

/// Something for the connection to send.
enum Command {
    Call { id: u64, message: Message, reply: Reply },
    Notification(Message),
}

/// An event from the server.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The name: `/v1/admin/users/changed`.
    pub name: String,
    /// What comes with it: the payload, where it has one.
    pub args: Vec<Value>,
    /// Whether it came because the client subscribes to its name.
    pub subscribed: bool,
}

/// The state of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionState {
    /// There is a connection.
    Connected,
    /// It was lost, and is being made again.
    Reconnecting,
    /// The server does not take the credentials. This is the end.
    SignedOut,
    /// Closed from this side. This is the end.
    Closed,
}

impl fmt::Debug for WsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.inner;
        f.debug_struct("WsClient")
            .field("state", &*inner.shared.state.borrow())
            .field("codec", &inner.codec)
            .field("timeout", &inner.timeout)
            .finish_non_exhaustive()
    }
}

impl WsClient {
    /// Connects as a guest, with the usual options, to a server at a URL: `ws://127.0.0.1:8080`.
    ///
    /// # Errors
    ///
    /// As [`WsClientBuilder::connect`].
    pub async fn connect(url: &str) -> Result<Self, ClientError> {
        Self::builder(url).connect().await
    }

    /// Starts to configure a client, which is then connected.
    pub fn builder(url: &str) -> WsClientBuilder {
        WsClientBuilder::new(url)
    }

    /// Calls a method; `serde_json::Value` as the type takes the data as it is.
    ///
    /// When the time is up, or the future is dropped, the server is asked to abort the call.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: the server's own word is [`ClientError::Api`].
    pub async fn call<T: DeserializeOwned>(&self, path: &str, args: impl Serialize) -> Result<Answer<T>, ClientError> {
        let id = self.inner.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let message = self.message(Some(id), path, args)?;
        let exchange = tokio::time::timeout(self.inner.timeout, self.exchange(id, message));
        exchange.await.map_err(|_| ClientError::Timeout(self.inner.timeout))??.typed()
    }

    /// Calls a method, or sends an event (`/event`, with its name as the first argument), without waiting for an answer.
    /// There is no word of whether it arrived.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: it was not even queued.
    pub async fn notify(&self, path: &str, args: impl Serialize) -> Result<(), ClientError> {
        let message = self.message(None, path, args)?;
        let queued = self.inner.commands.send(Command::Notification(message));
        let queued = tokio::time::timeout(self.inner.timeout, queued).await;
        let queued = queued.map_err(|_| ClientError::Timeout(self.inner.timeout))?;
        queued.map_err(|_| self.inner.shared.ended())
    }

    /// Subscribes to events, on this connection and on those that follow it.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: nothing is subscribed that was not before.
    pub async fn subscribe(&self, names: &[&str]) -> Result<(), ClientError> {
        let new = self.inner.shared.add_subscriptions(names);
        let subscribed = self.call::<Value>("/subscribe", (names,)).await;
        if subscribed.is_err() {
            self.inner.shared.remove_subscriptions(&new);
        }
        subscribed.map(drop)
    }

    /// Ends subscriptions.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: on this connection they may still come as they did.
    pub async fn unsubscribe(&self, names: &[&str]) -> Result<(), ClientError> {
        self.inner.shared.remove_subscriptions(names);
        self.call::<Value>("/unsubscribe", (names,)).await.map(drop)
    }

    /// The events from now on. A receiver that falls 256 behind (an option) misses the oldest, and is told how many.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.shared.events.subscribe()
    }

    /// The state of the client, to be watched.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<ConnectionState> {
        self.inner.shared.state.subscribe()
    }

    /// Closes the connection, for all clones, and waits until it is: a second at most. Calls in flight end with
    /// [`ClientError::Closed`].
    pub async fn close(&self) {
        drop(self.inner.closing.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    async fn exchange(&self, id: u64, message: Message) -> Result<Answer<Value>, ClientError> {
        let inner = &*self.inner;
        let _slot = inner.shared.slots.acquire().await.map_err(|_| inner.shared.ended())?;
        let (reply, answer) = oneshot::channel();
        let command = Command::Call { id, message, reply };
        inner.commands.send(command).await.map_err(|_| inner.shared.ended())?;
        let mut unanswered = Unanswered { aborts: &inner.aborts, id: Some(id) };
        let answer = answer.await;
        unanswered.id = None;
        answer.unwrap_or_else(|_| Err(inner.shared.ended()))
    }

    fn message(&self, id: Option<u64>, path: &str, args: impl Serialize) -> Result<Message, ClientError> {
        let bytes = Request::new(id, path, args)?.encode(self.inner.codec)?;
        message(self.inner.codec, bytes)
    }
}

/// A call that is sent: when its caller goes away, the server is told.
struct Unanswered<'c> {
    aborts: &'c mpsc::UnboundedSender<u64>,
    id: Option<u64>,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            // Without a task there is no connection, and so no call.
            let _ = self.aborts.send(id);
        }
    }
}

/// Encoded bytes as a frame of their codec.
fn message(codec: Codec, bytes: Vec<u8>) -> Result<Message, ClientError> {
    Ok(match codec {
        Codec::Json => Message::Text(Utf8Bytes::try_from(bytes).map_err(|error| ClientError::Encode(error.into()))?),
        Codec::MsgPack => Message::binary(bytes),
    })
}
