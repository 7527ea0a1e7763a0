//! A world that is reached over the loopback.

use std::net::{Ipv4Addr, SocketAddr};

use rpc_core::client::{HttpClient, WsClient};
use rpc_core::http::{HttpService, Server};
use rpc_core::{Api, Codec};
use serde_json::Value;
use test_waits::Bounded;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::sync::oneshot;

/// A server, until it is dropped.
pub(crate) struct Served {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Served {
    pub(crate) async fn start(api: &Api) -> Self {
        let server = Server::bind(HttpService::new(api.clone()), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
        tokio::spawn(server.serve(async move { drop(stopped.await) }));
        Self { address, _stop: stop }
    }

    pub(crate) fn http(&self, token: Option<&str>) -> HttpClient {
        let client = HttpClient::new(&format!("http://{}", self.address)).unwrap();
        if let Some(token) = token { client.token(token).unwrap() } else { client }
    }

    pub(crate) fn plain(&self, token: Option<&str>) -> Plain {
        Plain { address: self.address, token: token.map(str::to_owned), from: Ipv4Addr::LOCALHOST }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn websocket(&self, token: Option<&str>) -> WsClient {
        self.websocket_in(Codec::Json, token).await
    }

    /// Connects, and waits until the server knows of it.
    pub(crate) async fn websocket_in(&self, codec: Codec, token: Option<&str>) -> WsClient {
        let builder = WsClient::builder(&format!("ws://{}", self.address)).codec(codec);
        let builder = if let Some(token) = token { builder.token(token).unwrap() } else { builder };
        let client = builder.connect().await.unwrap();
        client.call::<Value>("/v1/test/test", ()).await.unwrap();
        client
    }
}

/// Somebody who calls over plain HTTP, with a connection for each call.
pub(crate) struct Plain {
    address: SocketAddr,
    token: Option<String>,
    from: Ipv4Addr,
}

impl Plain {
    /// The same from another address of the loopback.
    pub(crate) fn from(self, address: [u8; 4]) -> Self {
        Self { from: address.into(), ..self }
    }

    /// The status and the envelope.
    pub(crate) async fn call(&self, path: &str, params: &Value) -> (u16, Value) {
        let answer = self.exchange("host: x\r\n", path, params).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
    }

    /// A request with some headers; every byte of the response.
    pub(crate) async fn exchange(&self, headers: &str, path: &str, params: &Value) -> String {
        let body = params.to_string();
        let token = self.token.as_ref().map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head =
            format!("POST {path} HTTP/1.1\r\n{headers}connection: close\r\ncontent-type: application/json\r\n{token}");
        let request = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((self.from, 0).into()).unwrap();
        let mut stream = Bounded::new(socket.connect(self.address).await.unwrap());
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}
