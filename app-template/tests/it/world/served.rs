//! A world that is reached over the loopback.

use std::net::SocketAddr;

use rpc_core::Api;
use rpc_core::client::{HttpClient, WsClient};
use rpc_core::http::{HttpService, Server};
use serde_json::Value;
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

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connects, and waits until the server knows of it.
    pub(crate) async fn websocket(&self, token: Option<&str>) -> WsClient {
        let builder = WsClient::builder(&format!("ws://{}", self.address));
        let builder = if let Some(token) = token { builder.token(token).unwrap() } else { builder };
        let client = builder.connect().await.unwrap();
        client.call::<Value>("/v1/test/test", ()).await.unwrap();
        client
    }
}
