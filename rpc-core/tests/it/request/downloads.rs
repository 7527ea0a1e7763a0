//! Files as answers: whole and in parts, to clients that take their time, and to clients that are gone.

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rpc_core::{
    Api, ApiBuilder, ApiError, Download, FileContent, Limits, Reply, Resource, TestClient, api_method, api_module,
};
use serde_json::json;
use test_waits::{soon, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::rpc::socket::Socket;
use crate::support::server::{Answer, Running};

api_module! {
    /// Files
    path = "/v9/files"
}

/// Bytes of the files of these tests: more than what a connection takes at once.
const SIZE: usize = 300_000;

fn content() -> Bytes {
    (0..SIZE).map(|byte| (byte % 251) as u8).collect()
}

/// From memory
#[api_method(path = "/v9/files/bytes", permissions = ["*"])]
async fn memory() -> Result<Download, ApiError> {
    Ok(Download::bytes("h\u{e9}llo\r\n.txt", content()).content_type("text/plain; charset=utf-8")?.etag("v1")?)
}

/// From disk
#[api_method(path = "/v9/files/disk", permissions = ["*"])]
async fn disk() -> Result<Download, ApiError> {
    let mut file = tempfile::tempfile().map_err(ApiError::internal)?;
    file.write_all(&content()).map_err(ApiError::internal)?;
    Download::file("disk.bin", file).map_err(ApiError::internal)
}

/// As it is read
#[api_method(path = "/v9/files/reader", permissions = ["*"])]
async fn reader() -> Result<Download, ApiError> {
    Ok(Download::reader("reader.bin", std::io::Cursor::new(content())))
}

/// Without an end, told when it is dropped
#[api_method(path = "/v9/files/endless", permissions = ["*"])]
async fn endless(open: &Open) -> Result<Download, ApiError> {
    Ok(Download::stream("endless.bin", Endless::new(open)))
}

/// Says more than it has
#[api_method(path = "/v9/files/short", permissions = ["*"])]
async fn short() -> Result<Download, ApiError> {
    let stream = futures_util::stream::iter([Ok(Bytes::from_static(b"abc"))]);
    Ok(Download::stream("short.bin", stream).length(10))
}

/// With a header of its own
#[api_method(path = "/v9/files/reply", permissions = ["*"])]
async fn reply() -> Result<Reply<FileContent>, ApiError> {
    let download = Download::bytes("page.html", "<p>").content_type("text/html")?.inline();
    Ok(download.into_reply().status(203).header("x-own", "yes")?)
}

/// Waits between its pieces
#[api_method(path = "/v9/files/pauses", permissions = ["*"])]
async fn pauses(open: &Open) -> Result<Download, ApiError> {
    let door = Arc::clone(&open.door);
    let pieces = futures_util::stream::iter(["one", "two"]).then(move |piece| {
        let door = Arc::clone(&door);
        async move {
            door.acquire().await.map_err(std::io::Error::other)?.forget();
            Ok(Bytes::from(piece))
        }
    });
    Ok(Download::stream("pauses.txt", pieces))
}

/// The endless files that are open, and the door of `pauses`.
struct Open {
    count: Arc<AtomicUsize>,
    door: Arc<tokio::sync::Semaphore>,
}

struct Endless(Arc<AtomicUsize>);

impl Endless {
    fn new(open: &Open) -> Self {
        open.count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(&open.count))
    }
}

impl Stream for Endless {
    type Item = std::io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(Some(Ok(Bytes::from_static(&[7; 100_000]))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Files {
    running: Running,
    open: Arc<AtomicUsize>,
    door: Arc<tokio::sync::Semaphore>,
}

impl Files {
    async fn start(change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits::default();
        change(&mut limits);
        let (open, door) = (Arc::<AtomicUsize>::default(), Arc::new(tokio::sync::Semaphore::new(0)));
        let state = Open { count: Arc::clone(&open), door: Arc::clone(&door) };
        Self { running: Running::serve(builder(state).limits(limits), |service| service).await, open, door }
    }

    fn held(&self, resource: Resource) -> u64 {
        self.running.api.resources().into_iter().find(|used| used.resource == resource).unwrap().held
    }

    async fn get(&self, target: &str, headers: &[&str]) -> Answer {
        self.running.send("GET", target, headers, "").await
    }

    async fn all_are_closed(&self) {
        until("the end of the files", || self.open.load(Ordering::SeqCst) == 0).await;
        until("all to be given back", || self.held(Resource::Calls) == 0).await;
    }
}

fn builder(state: Open) -> ApiBuilder {
    let entries =
        [memory::ENTRY, disk::ENTRY, reader::ENTRY, endless::ENTRY, short::ENTRY, reply::ENTRY, pauses::ENTRY];
    let builder = Api::builder().except("/**").state(state);
    entries.into_iter().fold(builder, |builder, entry| builder.method(entry.read_only()))
}

#[test_waits::test]
async fn a_file_comes_as_it_is_with_its_name_and_type() {
    let server = Files::start(|_| {}).await;
    let answer = server.get("/v9/files/bytes", &["accept-encoding: gzip"]).await;
    assert!(answer.status == 200 && answer.body == content());
    for (name, value) in [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", "300000"),
        ("content-disposition", "attachment; filename=\"h_llo.txt\"; filename*=UTF-8''h%C3%A9llo.txt"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("accept-ranges", "bytes"),
        ("etag", "\"v1\""),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(answer.header("content-encoding"), None);
    assert!(server.running.post("/v9/files/bytes", "[]").await.body == content());
    let disk = server.get("/v9/files/disk", &[]).await;
    assert!(disk.body == content() && disk.header("content-length") == Some("300000") && disk.header("etag").is_some());
    let chunked = server.get("/v9/files/reader", &[]).await;
    assert_eq!((chunked.header("transfer-encoding"), chunked.header("accept-ranges")), (Some("chunked"), None));
    assert!(chunked.body.len() > SIZE);
    let own = server.get("/v9/files/reply", &["range: bytes=0-0"]).await;
    assert_eq!((own.status, own.header("x-own"), own.text()), (203, Some("yes"), "<p>"));
    assert_eq!(own.header("content-disposition"), Some("inline; filename=\"page.html\""));
}

#[test_waits::test]
async fn head_tells_of_a_file_without_it() {
    let server = Files::start(|_| {}).await;
    let answer = server.running.send("HEAD", "/v9/files/disk", &["range: bytes=0-0"], "").await;
    assert_eq!((answer.status, answer.header("content-length"), answer.body.len()), (200, Some("300000"), 0));
    assert_eq!(server.running.send("HEAD", "/v9/files/endless", &[], "").await.body.len(), 0);
    server.all_are_closed().await;
}

#[test_waits::test]
async fn one_range_of_a_file_is_sent_alone() {
    let server = Files::start(|_| {}).await;
    for target in ["/v9/files/bytes", "/v9/files/disk"] {
        let part = server.get(target, &["range: bytes=100000-199999"]).await;
        assert!(part.status == 206 && part.body == content()[100_000..200_000], "{target}");
        assert_eq!(part.header("content-range"), Some("bytes 100000-199999/300000"));
        assert_eq!(part.header("content-length"), Some("100000"));
        let last = server.get(target, &["range: bytes=-5"]).await;
        assert!(last.status == 206 && last.body == content()[SIZE - 5..]);
        let beyond = server.get(target, &["range: bytes=300000-"]).await;
        assert_eq!((beyond.error().0, beyond.header("content-range")), (416, Some("bytes */300000")));
        for headers in [["range: bytes=0-1,5-6", "x: y"], ["range: bytes=0-1", "if-range: \"other\""]] {
            let whole = server.get(target, &headers).await;
            assert_eq!((whole.status, whole.body.len()), (200, SIZE), "{headers:?}");
        }
    }
    assert_eq!(server.get("/v9/files/bytes", &["range: bytes=0-1", "if-range: \"v1\""]).await.status, 206);
    let posted = server.running.post_with("/v9/files/bytes", &["range: bytes=0-1"], "[]").await;
    assert_eq!(posted.status, 200);
    let known = server.get("/v9/files/bytes", &["if-none-match: \"v1\""]).await;
    assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, Some("\"v1\"")));
}

#[test_waits::test]
async fn a_file_comes_over_http2() {
    let server = Files::start(|_| {}).await;
    let io = TokioIo::new(server.running.connect().await);
    let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let connection = tokio::spawn(connection);
    for (target, verb, length) in
        [("bytes", "GET", SIZE), ("disk", "GET", SIZE), ("reader", "GET", SIZE), ("disk", "HEAD", 0)]
    {
        let request = Request::builder().method(verb).uri(format!("http://x/v9/files/{target}"));
        let response = sender.clone().send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200, "{target}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(body == content()[..length], "{target} {verb}");
    }
    let request = Request::get("http://x/v9/files/short").body(Empty::<Bytes>::new()).unwrap();
    let read = async { sender.clone().send_request(request).await?.into_body().collect().await };
    assert!(read.await.is_err(), "the beginning is not taken for the whole");
    drop(sender);
    connection.await.unwrap().unwrap();
    assert_eq!(server.running.stop().await.cut, 0);
}

#[test_waits::test]
async fn what_ends_too_early_ends_the_connection() {
    let server = Files::start(|_| {}).await;
    let mut stream = server.running.connect().await;
    stream.write_all(b"GET /v9/files/short HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut read = Vec::new();
    stream.read_to_end(&mut read).await.unwrap();
    let text = String::from_utf8(read).unwrap();
    assert!(text.is_empty() || (text.contains("content-length: 10") && text.ends_with("\r\n\r\nabc")), "{text}");
}

#[test_waits::test]
async fn a_client_that_is_gone_closes_its_file() {
    let server = Files::start(|_| {}).await;
    let mut stream = server.running.connect().await;
    stream.write_all(b"GET /v9/files/endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    stream.read_exact(&mut vec![0; 200_000]).await.unwrap();
    assert_eq!((server.open.load(Ordering::SeqCst), server.held(Resource::Calls)), (1, 1));
    drop(stream);
    server.all_are_closed().await;
}

#[test_waits::test]
async fn a_client_that_takes_nothing_holds_little_and_not_for_long() {
    let server = Files::start(|limits| limits.write_timeout = Duration::from_millis(500)).await;
    let mut stream = server.running.connect().await;
    stream.write_all(b"GET /v9/files/endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    stream.read_exact(&mut [0; 10]).await.unwrap();
    assert!(server.held(Resource::Memory) < 1_000_000);
    server.all_are_closed().await;
    let (client, connection) = h2::client::handshake(server.running.connect().await).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get("http://x/v9/files/endless").body(()).unwrap();
    let (response, _) = client.ready().await.unwrap().send_request(request, true).unwrap();
    let response = response.await.unwrap();
    assert!(server.held(Resource::Memory) < 1_000_000);
    server.all_are_closed().await;
    drop(response);
    connection.abort();
}

#[test_waits::test]
async fn a_source_that_takes_its_time_is_not_held_against_the_client() {
    let server = Files::start(|limits| limits.write_timeout = Duration::from_millis(200)).await;
    let (client, connection) = h2::client::handshake(server.running.connect().await).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get("http://x/v9/files/pauses").body(()).unwrap();
    let (response, _) = client.ready().await.unwrap().send_request(request, true).unwrap();
    let mut body = response.await.unwrap().into_body();
    let mut all = Vec::new();
    for length in [3, 6] {
        assert!(tokio::time::timeout(Duration::from_millis(500), body.data()).await.is_err(), "nothing is there yet");
        server.door.add_permits(1);
        while all.len() < length {
            all.extend_from_slice(&soon("the next piece", body.data()).await.unwrap().unwrap());
        }
    }
    while let Some(data) = body.data().await {
        all.extend_from_slice(&data.unwrap());
    }
    assert_eq!(all, b"onetwo");
    connection.abort();
}

#[test_waits::test]
async fn files_that_are_sent_count_as_calls() {
    let server = Files::start(|limits| limits.calls_per_network = 1).await;
    let mut stream = server.running.connect().await;
    stream.write_all(b"GET /v9/files/endless HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    stream.read_exact(&mut [0; 10]).await.unwrap();
    assert_eq!(server.get("/v9/files/bytes", &[]).await.status, 429);
    drop(stream);
    server.all_are_closed().await;
    assert_eq!(server.get("/v9/files/bytes", &[]).await.status, 200);
}

#[test_waits::test]
async fn json_rpc_and_websockets_refuse_before_the_method_runs() {
    let server = Files::start(|_| {}).await;
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"/v9/files/endless"}"#;
    for (target, body) in [("/api", call), ("/api/v9/files/endless", "[]")] {
        let answer = server.running.post(target, body).await;
        assert_eq!((answer.status, answer.json()["error"]["code"].as_i64()), (400, Some(-32600)), "{target}");
        assert!(answer.text().contains("plain HTTP"), "{}", answer.text());
    }
    let mut socket = Socket::open(&server.running, &[]).await.unwrap();
    assert_eq!(socket.call("/v9/files/endless", json!([])).await["error"]["code"], -32600);
    assert_eq!(server.open.load(Ordering::SeqCst), 0);
}

#[test_waits::test]
async fn a_test_client_reads_a_file_whole_and_documents_say_that_it_is_one() {
    let server = Files::start(|_| {}).await;
    let client = TestClient::new(server.running.api.clone());
    let reply = client.call("/v9/files/bytes", json!([])).await;
    let file = reply.file.unwrap();
    assert_eq!((reply.status, reply.data, file.name.as_str()), (200, json!(null), "h\u{e9}llo.txt"));
    assert!(file.content == content() && file.content_type == "text/plain; charset=utf-8");
    let method = server.running.api.method("/v9/files/bytes").unwrap();
    assert_eq!(method.result_schema(), &json!({"type": "string", "format": "binary"}));
}
