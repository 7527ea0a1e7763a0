//! A WebSocket client for tests: a well-kept one for frames, raw bytes where a test needs them.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::support::server::{Running, Stream};

pub(crate) struct Socket {
    pub(super) stream: WebSocketStream<Stream>,
    pub(super) protocol: Option<String>,
    next: u64,
}

impl Socket {
    /// Opens with these further headers; the status of a refusal otherwise.
    pub(crate) async fn open(server: &Running, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        Self::open_over(server.connect().await, server, headers).await
    }

    /// The same, over a connection of the test's own.
    pub(super) async fn open_over(
        stream: Stream,
        server: &Running,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let mut request = format!("ws://{}/api", server.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
        }
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((stream, response)) => {
                let protocol =
                    response.headers().get("sec-websocket-protocol").map(|value| value.to_str().unwrap().to_owned());
                Ok(Self { stream, protocol, next: 0 })
            }
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(super) async fn guest(server: &Running) -> Self {
        Self::open(server, &[]).await.unwrap()
    }

    /// Signed in as browsers do it: with the token among the subprotocols.
    pub(super) async fn with_token(server: &Running, token: &str) -> Self {
        let offer = format!("jsonrpc_2.0, {token}");
        Self::open(server, &[("sec-websocket-protocol", &offer)]).await.unwrap()
    }

    pub(crate) async fn text(&mut self, text: impl Into<String>) {
        self.stream.send(Message::text(text.into())).await.unwrap();
    }

    /// Sends a call without waiting; its id.
    pub(crate) async fn start(&mut self, method: &str, params: Value) -> u64 {
        self.next += 1;
        self.text(json!({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params}).to_string()).await;
        self.next
    }

    pub(crate) async fn notify(&mut self, method: &str, params: Value) {
        self.text(json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string()).await;
    }

    /// Sends a call and reads the next message, which is its answer.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.start(method, params).await;
        let answer = self.json().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// The next message that is no ping.
    pub(super) async fn message(&mut self) -> Message {
        loop {
            match self.stream.next().await.expect("the connection is open").expect("frames are well-formed") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    pub(crate) async fn json(&mut self) -> Value {
        match self.message().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Reads to the end; the code of the close frame, if there was one.
    pub(crate) async fn closed(mut self) -> Option<u16> {
        let mut code = None;
        while let Some(Ok(message)) = self.stream.next().await {
            if let Message::Close(frame) = message {
                code = frame.map(|frame| frame.code.into());
            }
        }
        code
    }
}
