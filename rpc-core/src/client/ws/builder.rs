//! The options of a WebSocket client.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connect::Connector;
use super::shared::Shared;
use super::task::Task;
use super::{Inner, WsClient};
use crate::call::Token;
use crate::client::endpoint::endpoint;
use crate::client::error::ClientError;
use crate::client::{MAX_BYTES, TIMEOUT};
use crate::codec::Codec;

/// Configures a [`WsClient`].
#[derive(Debug, Clone)]
#[must_use]
pub struct WsClientBuilder {
    url: String,
    token: Option<Token>,
    codec: Codec,
    timeout: Duration,
    max_bytes: usize,
    in_flight: usize,
    events: usize,
    keep_alive: Duration,
}

impl WsClientBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            token: None,
            codec: Codec::Json,
            timeout: TIMEOUT,
            max_bytes: MAX_BYTES,
            in_flight: 256,
            events: 256,
            keep_alive: Duration::from_secs(30),
        }
    }

    /// Connects as the owner of a session or an API token. It does not print, and it travels as a subprotocol, as browsers
    /// have to send it.
    ///
    /// # Errors
    ///
    /// [`ClientError::Token`]: it has characters that cannot travel there.
    pub fn token(mut self, token: &str) -> Result<Self, ClientError> {
        let travels = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if token.is_empty() || !token.bytes().all(travels) {
            return Err(ClientError::Token);
        }
        self.token = Some(Token::new(token));
        Ok(self)
    }

    /// How messages are encoded. Default: JSON. The server answers in kind, and sends events so after the first call.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// How long a call may take, with the wait for a connection. Default: 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Bytes of a message that are read. Default: 16 MiB; a larger one ends the connection.
    pub fn max_bytes(mut self, max: usize) -> Self {
        self.max_bytes = max;
        self
    }

    /// Calls that are sent and not answered; more wait. Default: 256. At least 1.
    pub fn in_flight(mut self, max: usize) -> Self {
        self.in_flight = max.max(1);
        self
    }

    /// Events that are kept for a receiver of them. Default: 256. At least 1.
    pub fn events(mut self, max: usize) -> Self {
        self.events = max.max(1);
        self
    }

    /// How often the server is asked whether it is there. Default: 30 s. After two and a half times as long without a word
    /// the connection counts as lost.
    pub fn keep_alive(mut self, every: Duration) -> Self {
        self.keep_alive = every.max(Duration::from_millis(1));
        self
    }

    /// Connects, once. Only a connection that was made is made again when it is lost.
    ///
    /// # Errors
    ///
    /// [`ClientError::Address`], [`ClientError::Connect`], or [`ClientError::Status`] where the handshake is refused. A bad
    /// token is no error here: the server opens such a connection and closes it after a second.
    pub async fn connect(self) -> Result<WsClient, ClientError> {
        let connector = Connector::new(endpoint(&self.url, "ws")?, self.token.as_ref(), self.max_bytes)?;
        let stream = connector.connect().await?;
        let shared = Arc::new(Shared::new(self.in_flight, self.events));
        let (commands, queue) = mpsc::channel(self.in_flight);
        let (aborts, aborted) = mpsc::unbounded_channel();
        let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
        let task = Task {
            connector,
            shared: Arc::clone(&shared),
            commands: queue,
            aborts: aborted,
            closing: closing.clone(),
            codec: self.codec,
            keep_alive: self.keep_alive,
        };
        tasks.spawn(task.run(stream));
        let (codec, timeout, closing) = (self.codec, self.timeout, Mutex::new(Some(closing.drop_guard())));
        Ok(WsClient { inner: Arc::new(Inner { shared, commands, aborts, codec, timeout, tasks, closing }) })
    }
}
