//! A server on the loopback, and a client that sees every byte.

use std::error::Error;
use std::net::SocketAddr;

use bytes::Buf;
use http::{Request, Response};
use http_body::Body;
use rpc_core::http::{Front, HttpService, ReceivedBody, Server, Stopped};
use rpc_core::{Api, ApiBuilder};
use serde_json::Value;
use test_waits::{Bounded, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower_service::Service;

use super::Memory;

type BodyError = Box<dyn Error + Send + Sync>;

/// A connection, for whose other end nobody waits for ever.
pub(crate) type Stream = Bounded<TcpStream>;

/// A server on a free port of the loopback.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) api: Api,
    pub(crate) memory: Memory,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) served: JoinHandle<Stopped>,
}

impl Running {
    pub(crate) async fn serve(builder: ApiBuilder, change: impl FnOnce(HttpService) -> HttpService) -> Self {
        Self::start(builder, change, |server| server).await
    }

    /// One with services around the API.
    pub(crate) async fn layered<S, B>(
        builder: ApiBuilder,
        change: impl FnOnce(HttpService) -> HttpService,
        layer: impl FnOnce(HttpService) -> S,
    ) -> Self
    where
        S: Service<Request<ReceivedBody>, Response = Response<B>, Error: Into<BodyError>, Future: Send>,
        S: Clone + Send + Sync + 'static,
        B: Body<Data: Buf + Send, Error: Into<BodyError>> + Send + 'static,
    {
        Self::start(builder, change, |server| server.layer(layer)).await
    }

    async fn start<F: Front>(
        builder: ApiBuilder,
        change: impl FnOnce(HttpService) -> HttpService,
        front: impl FnOnce(Server) -> Server<F>,
    ) -> Self {
        let memory = Memory::default();
        let api = builder.observer(memory.clone()).build().unwrap();
        let service = change(HttpService::new(api.clone()).name("Test API"));
        let server = front(Server::bind(service, "127.0.0.1:0".parse().unwrap()).await.unwrap());
        let address = server.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(server.serve(async move { drop(stopped.await) }));
        Self { address, api, memory, stop, served }
    }

    pub(crate) async fn connect(&self) -> Stream {
        Bounded::new(TcpStream::connect(self.address).await.unwrap())
    }

    /// Sends raw bytes on a connection of their own, and reads until the server closes it.
    pub(crate) async fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Answer::parse(&bytes)
    }

    /// Sends one request and reads its answer.
    pub(crate) async fn send(&self, verb: &str, target: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Answer {
        let body = body.as_ref();
        let mut head =
            format!("{verb} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        self.raw(&[head.as_bytes(), b"\r\n", body].concat()).await
    }

    pub(crate) async fn post(&self, target: &str, body: &str) -> Answer {
        self.post_with(target, &[], body).await
    }

    pub(crate) async fn post_with(&self, target: &str, headers: &[&str], body: &str) -> Answer {
        self.send("POST", target, &[&["content-type: application/json"], headers].concat(), body).await
    }

    pub(crate) async fn stop(self) -> Stopped {
        self.stop.send(()).unwrap();
        soon("the stop of a server", self.served).await.unwrap()
    }
}

/// A response, taken apart.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no response: {:?}", String::from_utf8_lossy(bytes)));
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        };
        Self { status, headers: lines.map(header).collect(), body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status and code of an error in the one envelope.
    #[track_caller]
    pub(crate) fn error(&self) -> (u16, i64) {
        let body = self.json();
        let members: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(members, ["status", "reason", "code", "data"], "{body}");
        assert_eq!(body["status"], self.status, "{body}");
        assert!(body["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{body}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert!(self.header("x-request-id").is_some());
        (self.status, body["code"].as_i64().unwrap())
    }
}
