//! A WebSocket that stays closed when it is closed.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::process::soon;

/// A connection that is open.
pub(super) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Connects with a token, and waits until the server knows of it.
    pub(super) async fn open(address: &str, token: &str) -> Self {
        let mut request = format!("ws://{address}/api").into_client_request().unwrap();
        request.headers_mut().insert("Authorization", format!("Bearer {token}").parse().unwrap());
        let connect = async {
            let stream = TcpStream::connect(address).await.unwrap();
            client_async(request, stream).await.unwrap().0
        };
        let mut socket = Self(soon("a WebSocket", connect).await);
        assert_eq!(socket.call("/v1/test/test", json!(["x"])).await["result"]["data"], "x");
        socket
    }

    pub(super) async fn call(&mut self, method: &str, params: Value) -> Value {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.0.send(Message::text(request.to_string())).await.unwrap();
        loop {
            let Message::Text(text) = soon("an answer", self.0.next()).await.unwrap().unwrap() else { continue };
            let message: Value = serde_json::from_str(&text).unwrap();
            // What has no id is an event.
            if message["id"] == 1 {
                return message;
            }
        }
    }

    /// Waits for the next event; its name and payload.
    pub(super) async fn event(&mut self) -> Value {
        loop {
            let Message::Text(text) = soon("an event", self.0.next()).await.unwrap().unwrap() else { continue };
            let mut message: Value = serde_json::from_str(&text).unwrap();
            if message["method"] == "/event" {
                return message["params"].take();
            }
        }
    }

    /// Waits until the server closes it; the code that it gives.
    pub(super) async fn closed(&mut self) -> Option<u16> {
        loop {
            match soon("a close", self.0.next()).await {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return None,
            }
        }
    }
}
