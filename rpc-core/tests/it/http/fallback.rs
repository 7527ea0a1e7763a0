//! A service behind an API, which gets what is not for the API.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::{any, get};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use h2::Reason;
use rpc_core::Limits;
use rpc_core::http::HttpService;
use test_waits::soon;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{builder, with_service};
use crate::support::server::{Running, Stream};

/// Says what it was asked for.
async fn say(request: Request) -> String {
    format!("{} {}", request.method(), request.uri())
}

/// Answers with the body of the request, as it comes.
async fn echo(request: Request) -> Response {
    Response::new(request.into_body())
}

/// Answers with so much that nobody takes it at once.
async fn flood() -> Response {
    let pieces = stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 32 * 1024])));
    Response::new(Body::from_stream(pieces.take(10_000)))
}

/// Says one thing, and then nothing for ever.
async fn hang() -> Response {
    let once = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"first"))]);
    Response::new(Body::from_stream(once.chain(stream::pending())))
}

fn router() -> Router {
    Router::new().route("/echo", any(echo)).route("/flood", get(flood)).route("/hang", get(hang)).fallback(say)
}

fn behind(service: HttpService) -> HttpService {
    service.fallback(router())
}

/// Reads until what came ends in a text.
async fn read_until(stream: &mut Stream, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let mut bytes = [0; 1024];
        let read = stream.read(&mut bytes).await.unwrap();
        assert!(read > 0, "{text}");
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    text
}

#[test_waits::test]
async fn what_is_not_for_the_api_is_for_the_fallback() {
    let server = with_service(behind).await;
    assert_eq!(server.post("/v9/http/echo", r#"["a"]"#).await.json()["data"], "a");
    assert_eq!(server.send("GET", "/healthz", &[], "").await.json()["reason"], "ok");
    assert_eq!(server.send("GET", "/", &[], "").await.json()["data"]["name"], "Test API");
    for (verb, target) in
        [("GET", "/index.html"), ("PUT", "/v9/http/nothing?a=1"), ("OPTIONS", "/x"), ("DELETE", "/a//b")]
    {
        assert_eq!(server.send(verb, target, &[], "").await.text(), format!("{verb} {target}"));
    }
    for target in ["/a/../b", "/%2e%2e/b", "/a%00"] {
        assert_eq!(server.send("GET", target, &[], "").await.error().0, 400, "{target}");
    }
    let long = format!("/{}", "x".repeat(9 * 1024));
    assert_eq!(server.send("GET", &long, &[], "").await.error().0, 414);
}

#[test_waits::test]
async fn the_root_is_for_the_fallback_where_the_api_leaves_it() {
    let server = with_service(|service| behind(service).without_welcome()).await;
    assert_eq!(server.send("GET", "/", &[], "").await.text(), "GET /");
    let server = with_service(|service| behind(service).base_path("/shop")).await;
    assert_eq!(server.send("GET", "/", &[], "").await.text(), "GET /");
    assert_eq!(server.send("GET", "/shop/index.html", &[], "").await.text(), "GET /shop/index.html");
    assert_eq!(server.post("/v9/http/echo", "[1]").await.text(), "POST /v9/http/echo");
    assert_eq!(server.post("/shop/v9/http/echo", "[1]").await.json()["data"], 1);
    let server = with_service(HttpService::without_welcome).await;
    assert_eq!(server.send("GET", "/", &[], "").await.error().0, 404);
}

#[test_waits::test]
async fn bodies_of_the_fallback_stream_both_ways() {
    let server = with_service(behind).await;
    let mut stream = server.connect().await;
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
    stream.write_all(b"5\r\nfirst\r\n").await.unwrap();
    let head = read_until(&mut stream, "5\r\nfirst\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    stream.write_all(b"6\r\nsecond\r\n").await.unwrap();
    read_until(&mut stream, "6\r\nsecond\r\n").await;
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    read_until(&mut stream, "0\r\n\r\n").await;
    // The connection is in order.
    stream.write_all(b"GET /again HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    read_until(&mut stream, "GET /again").await;
}

#[test_waits::test]
async fn pages_of_a_name_that_was_pointed_at_the_server_reach_no_fallback() {
    let server = with_service(behind).await;
    let request = |host: &str| {
        format!("GET /a HTTP/1.1\r\nhost: {host}\r\norigin: http://evil.example\r\nconnection: close\r\n\r\n")
    };
    assert_eq!(server.raw(request("evil.example").as_bytes()).await.error().0, 403);
    let foreign = server.raw(request("localhost").as_bytes()).await;
    assert_eq!((foreign.text(), foreign.header("access-control-allow-origin")), ("GET /a", None));
}

/// A fallback that fails.
#[derive(Clone)]
struct Broken;

impl tower_service::Service<http::Request<rpc_core::http::ReceivedBody>> for Broken {
    type Response = http::Response<Body>;
    type Error = std::io::Error;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<rpc_core::http::ReceivedBody>) -> Self::Future {
        std::future::ready(Err(std::io::Error::other("secret cause")))
    }
}

#[test_waits::test]
async fn a_fallback_that_fails_is_a_500_without_the_cause() {
    let server = with_service(|service| service.fallback(Broken)).await;
    let answer = server.send("GET", "/a", &[], "").await;
    assert_eq!(answer.error().0, 500);
    assert!(!answer.text().contains("secret"), "{answer:?}");
}

async fn impatient() -> Running {
    let mut limits = Limits::default();
    limits.write_timeout = Duration::from_millis(50);
    limits.idle_timeout = Duration::from_millis(50);
    Running::serve(builder().limits(limits), behind).await
}

#[test_waits::test]
async fn a_client_that_does_not_take_an_answer_of_the_fallback_loses_it() {
    let server = impatient().await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /flood HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let connections = || {
        let uses = server.api.resources().into_iter();
        uses.filter(|used| used.resource == rpc_core::Resource::Connections).map(|used| used.held).sum::<u64>()
    };
    test_waits::until("the connection is closed", || connections() == 0).await;
    drop(stream);
    for window in [0, 1, 1000] {
        let (sender, connection) = h2::client::Builder::new()
            .initial_window_size(window)
            .handshake::<_, Bytes>(server.connect().await)
            .await
            .unwrap();
        tokio::spawn(connection);
        let request = http::Request::get("http://x/flood").body(()).unwrap();
        let (response, _) = sender.ready().await.unwrap().send_request(request, true).unwrap();
        let mut body = response.await.unwrap().into_body();
        let ended = async {
            loop {
                match body.data().await {
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return error.reason(),
                    None => return None,
                }
            }
        };
        assert_eq!(soon("the end of an answer", ended).await, Some(Reason::CANCEL), "{window}");
    }
}

#[test_waits::test]
async fn an_answer_that_the_fallback_has_not_made_yet_has_time() {
    let server = impatient().await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /hang HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    read_until(&mut stream, "first\r\n").await;
    let (sender, connection) = h2::client::handshake(server.connect().await).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("http://x/hang").body(()).unwrap();
    let mut sender = sender.ready().await.unwrap();
    let (response, _) = sender.send_request(request, true).unwrap();
    let mut body = response.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "first");
    // Several times what a client has that does not take an answer.
    let quiet = Duration::from_millis(300);
    assert!(tokio::time::timeout(quiet, body.data()).await.is_err());
    assert!(tokio::time::timeout(quiet, stream.read(&mut [0; 1])).await.is_err());
}
