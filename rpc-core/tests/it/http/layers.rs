//! Services around an API, behind one server: what is known of a connection goes along.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use rpc_core::Resource;
use rpc_core::http::{ClientAddress, HttpService, IpNet, PeerAddress, TrustedProxies};
use serde_json::json;
use test_waits::{soon, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;

use super::builder;
use crate::support::server::Running;

const SHORT: Duration = Duration::from_millis(50);

async fn mark(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert("x-layer", http::HeaderValue::from_static("seen"));
    response
}

async fn addresses(
    ConnectInfo(socket): ConnectInfo<SocketAddr>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    Extension(ClientAddress(client)): Extension<ClientAddress>,
) -> String {
    format!("{} {client}", socket == peer)
}

/// A router with pages of its own, which passes the rest on.
fn router(api: HttpService) -> Router {
    Router::new()
        .route("/addresses", get(addresses))
        .route("/read", post(async |body: Bytes| body.len().to_string()))
        .nest_service("/nested", api.clone())
        .fallback_service(api)
        .layer(middleware::from_fn(mark))
}

async fn layered(builder: rpc_core::ApiBuilder) -> Running {
    Running::layered(builder, |service| service, router).await
}

#[test_waits::test]
async fn the_api_answers_through_layers_and_knows_its_client() {
    let server = layered(builder()).await;
    for path in ["/v9/http/address", "/nested/v9/http/address"] {
        let answer = server.post(path, "[]").await;
        assert_eq!((answer.json()["data"].as_str(), answer.header("x-layer")), (Some("127.0.0.1"), Some("seen")));
    }
    let answer = server.post("/v9/http/address", "[]").await;
    assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
    let large = format!("[\"{}\"]", "x".repeat(1024 * 1024));
    assert_eq!(server.post("/v9/http/echo", &large).await.error().0, 413);
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "/v9/http/echo", "params": ["a"]}).to_string();
    assert_eq!(server.post("/api", &call).await.json()["result"]["data"], "a");
    assert_eq!(server.send("GET", "/addresses", &[], "").await.text(), "true 127.0.0.1");
    assert_eq!(server.post("/read", "abc").await.text(), "3");
}

#[test_waits::test]
async fn a_trusted_proxy_names_the_client_through_layers() {
    let networks: Vec<IpNet> = vec!["127.0.0.0/8".parse().unwrap()];
    let proxies = TrustedProxies::new(networks, rpc_core::http::ForwardedHeader::XForwardedFor);
    let server = Running::layered(builder(), |service| service.trusted_proxies(proxies), router).await;
    let header = ["x-forwarded-for: 198.51.100.7"];
    assert_eq!(server.post_with("/v9/http/address", &header, "[]").await.json()["data"], "198.51.100.7");
    assert_eq!(server.send("GET", "/addresses", &header, "").await.text(), "true 198.51.100.7");
}

#[test_waits::test]
async fn what_a_client_holds_through_layers_is_counted_on_its_connection() {
    let server = layered(builder()).await;
    let memory = || server.api.resources().into_iter().find(|used| used.resource == Resource::Memory).unwrap().held;
    let mut stream = server.connect().await;
    stream.write_all(b"POST /v9/http/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n").await.unwrap();
    stream.write_all(&[b' '; 60_000]).await.unwrap();
    until("the body is counted", || memory() > 60_000).await;
    drop(stream);
    until("what was held is given back", || memory() == 0).await;
}

#[test_waits::test]
async fn slow_bodies_end_in_time_through_layers() {
    let mut limits = rpc_core::Limits::default();
    limits.body_timeout = SHORT;
    let server = layered(builder().limits(limits)).await;
    let slow = |path: &str| format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n[");
    assert_eq!(server.raw(slow("/v9/http/echo").as_bytes()).await.error().0, 408);
    assert_eq!(server.raw(slow("/read").as_bytes()).await.status, 400);
}

#[test_waits::test]
async fn a_stop_waits_for_the_answers_of_layers() {
    let (inside, open) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (enters, waits) = (Arc::clone(&inside), Arc::clone(&open));
    let wait = get(async move || {
        enters.add_permits(1);
        waits.acquire().await.unwrap().forget();
        "waited"
    });
    let server =
        Running::layered(builder(), |service| service, |api| Router::new().route("/wait", wait).fallback_service(api))
            .await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /wait HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    soon("the request", inside.acquire()).await.unwrap().forget();
    server.stop.send(()).unwrap();
    until("the stop begins", || server.api.is_stopping()).await;
    open.add_permits(1);
    assert_eq!(soon("the stop", server.served).await.unwrap().cut, 0);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.ends_with(b"waited"));
}

#[test_waits::test]
async fn a_websocket_opens_through_layers() {
    let server = layered(builder()).await;
    let mut stream = server.connect().await;
    let handshake = b"GET /api HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                      sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(handshake).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
    until("the socket is open", || server.api.websockets() == 1).await;
}

#[test_waits::test]
async fn an_api_in_a_server_of_another_kind_knows_whom_axum_serves() {
    let api = builder().build().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback_service(HttpService::new(api));
    let served = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>());
    let served = tokio::spawn(async move { served.await });
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = b"POST /v9/http/address HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n[]";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    soon("an answer", stream.read_to_end(&mut answer)).await.unwrap();
    assert!(String::from_utf8_lossy(&answer).contains("127.0.0.1"), "{}", String::from_utf8_lossy(&answer));
    served.abort();
}
