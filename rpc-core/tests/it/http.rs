//! The plain HTTP face, over real sockets: bytes in, bytes out.

mod bad_input;
mod limits;
mod shutdown;
mod versions;
mod wire;

use std::net::SocketAddr;

use rpc_core::http::{HttpService, Server, Stopped};
use rpc_core::{Api, ApiBuilder, ApiError, Ctx, Limits, Permission, Read, Reply, State, api_method, api_module};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

use crate::support::{Memory, NamedTokens};

api_module! {
    /// Plain HTTP
    path = "/v9/http"
}

/// Answers its argument
#[api_method(path = "/v9/http/echo", permissions = ["*"])]
async fn echo(value: Value) -> Result<Value, ApiError> {
    Ok(value)
}

/// Answers two texts
#[api_method(path = "/v9/http/texts", permissions = ["*"], max_body = "100 B")]
async fn texts(first: String, second: Option<String>) -> Result<(String, Option<String>), ApiError> {
    Ok((first, second))
}

/// For admins
#[api_method(path = "/v9/http/admin", permissions = ["admin"])]
async fn admin(ctx: &Ctx) -> Result<Option<String>, ApiError> {
    Ok(ctx.identity().user().map(|user| user.name.to_string()))
}

/// The caller's address
#[api_method(path = "/v9/http/address", permissions = ["*"])]
async fn address(ctx: &Ctx) -> Result<Option<String>, ApiError> {
    Ok(ctx.client().map(|client| client.to_string()))
}

/// A list
#[api_method(path = "/v9/http/list", permissions = ["*"])]
async fn list(read: Option<Read<Rows>>) -> Result<Reply<Vec<u32>>, ApiError> {
    let limit = read.unwrap_or_default().limit;
    Ok(Reply::new((0..limit).collect()).total(1000))
}

#[derive(rpc_core::ReadFields)]
struct Rows {
    #[read(sortable)]
    name: rpc_core::read::Sortable,
}

/// Once a minute
#[api_method(path = "/v9/http/rarely", permissions = ["*"], rate = "1/min")]
async fn rarely() -> Result<(), ApiError> {
    Ok(())
}

/// Panics
#[api_method(path = "/v9/http/panics", permissions = ["*"])]
async fn panics() -> Result<(), ApiError> {
    panic!("secret cause")
}

/// Waits for the door
#[api_method(path = "/v9/http/waits", permissions = ["*"])]
async fn waits(doors: &Doors) -> Result<&'static str, ApiError> {
    doors.inside.add_permits(1);
    doors.open.acquire().await.map_err(ApiError::internal)?.forget();
    Ok("waited")
}

/// Where `waits` waits.
struct Doors {
    inside: Semaphore,
    open: Semaphore,
}

impl State for Doors {}

fn builder(memory: &Memory) -> ApiBuilder {
    Api::builder()
        .only("/v9/http/**")
        .permission(Permission::new("admin", "Administrator", "May do everything."))
        .state(Doors { inside: Semaphore::new(0), open: Semaphore::new(0) })
        .authenticator(NamedTokens)
        .observer(memory.clone())
}

/// A server on a free port of the loopback.
struct Running {
    address: SocketAddr,
    api: Api,
    memory: Memory,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Stopped>,
}

impl Running {
    async fn start() -> Self {
        Self::with(Limits::default(), |service| service).await
    }

    async fn with_limits(change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits::default();
        change(&mut limits);
        Self::with(limits, |service| service).await
    }

    async fn with(limits: Limits, change: impl FnOnce(HttpService) -> HttpService) -> Self {
        let memory = Memory::default();
        let api = builder(&memory).limits(limits).build().unwrap();
        let service = change(HttpService::new(api.clone()).name("Test API"));
        let server = Server::bind(service, "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(server.serve(async move { drop(stopped.await) }));
        Self { address, api, memory, stop, served }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends raw bytes on a connection of their own, and reads until the server closes it.
    async fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Answer::parse(&bytes)
    }

    /// Sends one request and reads its answer.
    async fn send(&self, verb: &str, target: &str, headers: &[&str], body: &str) -> Answer {
        let mut head =
            format!("{verb} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        self.raw(format!("{head}\r\n{body}").as_bytes()).await
    }

    async fn post(&self, target: &str, body: &str) -> Answer {
        self.send("POST", target, &["content-type: application/json"], body).await
    }

    async fn stop(self) -> Stopped {
        self.stop.send(()).unwrap();
        self.served.await.unwrap()
    }
}

/// A response, taken apart.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
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

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status and code of an error in the one envelope.
    #[track_caller]
    fn error(&self) -> (u16, i64) {
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
