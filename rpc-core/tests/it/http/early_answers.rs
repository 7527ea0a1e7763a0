//! Answers that are there before their requests: each is seen, and the connection serves on or ends in order.

use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use http::{Request, Version};
use rpc_core::Limits;
use test_waits::soon;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{start, with_limits};
use crate::support::server::{Answer, Running, Stream};

const LONG: usize = 4 * 1024 * 1024;
const JSON: &str = "content-type: application/json";
const PARTS: &str = "content-type: multipart/form-data; boundary=cut";
const SOCKET: [&str; 4] = [
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    "connection: upgrade",
];
/// Two files, which are one too many, and the rest.
const TWICE: &str = "--cut\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\na\r\n\
    --cut\r\ncontent-disposition: form-data; name=\"file\"; filename=\"b\"\r\n\r\n";

/// A request with a long body, and the status of its answer.
struct Case {
    line: &'static str,
    headers: Vec<String>,
    start: &'static str,
    length: usize,
    status: u16,
}

fn case(line: &'static str, headers: &[&str], status: u16) -> Case {
    let headers = headers.iter().map(ToString::to_string).collect();
    Case { line, headers, start: "", length: LONG, status }
}

/// Every way in and every reason to answer before the end.
fn cases() -> Vec<Case> {
    let user = "authorization: Bearer t_user";
    let mut cases = vec![
        case("PUT /v9/http/echo", &[JSON], 405),
        case("DELETE /v9/http/echo", &[], 405),
        case("PATCH /healthz", &[JSON], 405),
        case("BREW /v9/http/nothing", &[JSON], 405),
        case("GET /v9/http/echo", &[], 200),
        case("GET /v9/http/nothing", &[], 404),
        case("GET /", &[], 200),
        case("POST /", &[JSON], 200),
        case("GET /healthz", &[], 200),
        case("POST /healthz", &[], 200),
        case("GET /readyz", &["accept: text/html"], 200),
        case("OPTIONS /v9/http/echo", &["origin: https://foreign.example"], 204),
        case("POST /v9/http/echo", &["content-type: text/plain"], 415),
        case("POST /v9/http/echo", &[JSON, "content-encoding: br"], 415),
        case("POST /v9/http/echo", &[JSON], 413),
        case("POST /v9/http/texts", &[JSON, "content-encoding: gzip"], 413),
        case("POST /v9/http/nothing", &[JSON], 404),
        case("POST /v9/http/%ff", &[JSON], 400),
        case("POST /v9/../echo", &[JSON], 400),
        case("POST /v9/http/admin", &[JSON], 401),
        case("POST /v9/http/admin", &["content-type: text/plain", user], 403),
        case("POST /v9/http/echo", &[JSON, "host: evil.example", "origin: http://evil.example"], 403),
        case("POST /v9/http/nothing", &[PARTS], 404),
        case("POST /v9/http/echo", &[PARTS], 400),
        case("POST /v9/http/admin-upload", &[PARTS], 401),
        case("POST /v9/http/admin-upload", &[PARTS, "authorization: Bearer t_dead"], 401),
        case("POST /v9/http/admin-upload", &[PARTS, user], 403),
        case("POST /v9/http/upload", &[PARTS], 413),
        case("POST /v9/http/upload", &["content-type: multipart/form-data"], 413),
        Case { start: TWICE, length: 1_500_000, ..case("POST /v9/http/upload", &[PARTS], 400) },
        Case { length: 1_500_000, ..case("POST /v9/http/upload", &[PARTS], 411) },
        case("PUT /api", &[JSON], 405),
        case("OPTIONS /api", &[], 204),
        case("GET /api", &[], 400),
        case("POST /api", &["content-type: text/plain"], 415),
        case("POST /api", &[JSON], 413),
        case("POST /api/", &[PARTS], 415),
        case("POST /api/ping", &["content-type: text/plain"], 200),
        case("DELETE /api/v9/http/echo", &[], 405),
        case("POST /api/v9/http/echo", &["content-type: text/plain"], 415),
        case("POST /api/v9/http/admin-upload", &[PARTS], 401),
        case("POST /api/v9/http/echo", &[JSON, "host: evil.example", "origin: http://evil.example"], 403),
    ];
    let long = format!("x-long: {}", "x".repeat(17_000));
    cases.push(case("POST /v9/http/echo", &[JSON, &long], 431));
    cases
}

/// Those that only HTTP/1.1 can ask for.
fn handshakes() -> Vec<Case> {
    let foreign = [&SOCKET[..], &["origin: https://foreign.example"]].concat();
    vec![case("GET /api", &SOCKET, 400), case("GET /api", &foreign, 403), case("GET /v9/http/echo", &SOCKET, 200)]
}

impl Case {
    fn body(&self) -> Vec<u8> {
        let mut body = self.start.as_bytes().to_vec();
        body.resize(self.length, b'x');
        body
    }

    /// The request's head in HTTP/1, with what announces the body.
    fn head(&self, version: &str, announced: &str) -> String {
        let mut head = format!("{} HTTP/{version}\r\n{announced}\r\n", self.line);
        if !self.headers.iter().any(|header| header.starts_with("host:")) {
            head += "host: localhost\r\n";
        }
        for header in &self.headers {
            head += &format!("{header}\r\n");
        }
        head + "\r\n"
    }

    fn with_length(&self, version: &str) -> String {
        self.head(version, &format!("content-length: {}", self.length))
    }
}

/// Reads one answer, and no byte of the next one.
async fn answer(stream: &mut Stream) -> Answer {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.unwrap());
    }
    let mut answer = Answer::parse(&bytes);
    let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
    answer.body = vec![0; length];
    stream.read_exact(&mut answer.body).await.unwrap();
    answer
}

/// Holds that the connection is in order.
async fn serves_on(stream: &mut Stream, why: &str) {
    let next = "POST /v9/http/echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 3\r\n\r\n[7]";
    stream.write_all(next.as_bytes()).await.unwrap();
    let next = answer(stream).await;
    assert_eq!((next.status, next.text()), (200, r#"{"status":200,"reason":"OK","data":7}"#), "{why}");
}

#[test_waits::test]
async fn a_connection_serves_on_after_an_answer_that_came_before_its_request() {
    let server = start().await;
    for case in cases().iter().chain(&handshakes()) {
        let mut stream = server.connect().await;
        soon(format_args!("an answer to {}", case.line), async {
            for _ in 0..2 {
                stream.write_all(case.with_length("1.1").as_bytes()).await.unwrap();
                stream.write_all(&case.body()).await.unwrap();
                let seen = answer(&mut stream).await;
                assert_eq!(
                    (seen.status, seen.header("connection")),
                    (case.status, None),
                    "{} {:?}",
                    case.line,
                    case.headers
                );
                serves_on(&mut stream, case.line).await;
            }
        })
        .await;
    }
}

#[test_waits::test]
async fn so_it_does_after_one_whose_length_nobody_knew() {
    let server = start().await;
    let mut stream = server.connect().await;
    for (line, headers, status) in [
        ("PUT /v9/http/echo", [JSON], 405),
        ("POST /v9/http/echo", [JSON], 413),
        ("POST /v9/http/echo", ["content-type: text/plain"], 415),
        ("POST /v9/http/upload", [PARTS], 411),
        ("GET /healthz", [JSON], 200),
        ("POST /api", [JSON], 413),
    ] {
        soon(format_args!("an answer to {line}"), async {
            let head = case(line, &headers, status).head("1.1", "transfer-encoding: chunked");
            stream.write_all(head.as_bytes()).await.unwrap();
            let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
            for _ in 0..LONG / 0x10000 {
                stream.write_all(chunk.as_bytes()).await.unwrap();
            }
            stream.write_all(b"0\r\nx-trailer: 1\r\n\r\n").await.unwrap();
            assert_eq!(answer(&mut stream).await.status, status, "{line}");
            serves_on(&mut stream, line).await;
        })
        .await;
    }
}

/// Sends a request while reading: whether all of it was taken, and what came until the server closed in order.
async fn sent_to_its_end(server: &Running, head: &str, body: &[u8]) -> (bool, Answer) {
    let stream = server.connect().await;
    let (mut reader, mut writer) = tokio::io::split(stream);
    let send = async {
        writer.write_all(head.as_bytes()).await?;
        writer.write_all(body).await
    };
    let read = async {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).await.unwrap_or_else(|error| panic!("{head}: {error}"));
        Answer::parse(&bytes)
    };
    let (sent, answer) = soon("an answer", async { tokio::join!(send, read) }).await;
    (sent.is_ok(), answer)
}

fn closes(limits: &mut Limits) {
    limits.unread_body = 100_000;
    limits.linger_timeout = Duration::from_secs(20);
}

#[test_waits::test]
async fn beyond_the_bound_the_answer_is_seen_and_the_connection_ends_in_order() {
    let server = with_limits(closes).await;
    // What is read to its end to be understood leaves nothing.
    for case in cases().iter().chain(&handshakes()).filter(|case| case.status != 411) {
        let (sent, seen) = sent_to_its_end(&server, &case.with_length("1.1"), &case.body()).await;
        let seen = (sent, seen.status, seen.header("connection").map(str::to_owned));
        assert_eq!(seen, (true, case.status, Some("close".to_owned())), "{} {:?}", case.line, case.headers);
    }
    // The bound is met while it is read.
    let chunks = format!("10000\r\n{}\r\n", "x".repeat(0x10000)).repeat(LONG / 0x10000);
    for (line, status) in [("PUT /v9/http/echo", 405), ("POST /v9/http/echo", 413), ("POST /api", 413)] {
        let head = case(line, &[JSON], status).head("1.1", "transfer-encoding: chunked");
        let (sent, seen) = sent_to_its_end(&server, &head, chunks.as_bytes()).await;
        assert_eq!((sent, seen.status, seen.header("connection")), (true, status, Some("close")), "{line}");
    }
}

#[test_waits::test]
async fn http_1_0_sees_its_answer_too() {
    for server in [start().await, with_limits(closes).await] {
        for case in cases() {
            let (sent, seen) = sent_to_its_end(&server, &case.with_length("1.0"), &case.body()).await;
            assert_eq!((sent, seen.status), (true, case.status), "{} {:?}", case.line, case.headers);
        }
    }
}

#[test_waits::test]
async fn what_is_no_http_sees_its_answer_too() {
    let server = with_limits(closes).await;
    let garbage = vec![b'x'; LONG];
    let long_head = format!("GET / HTTP/1.1\r\nx-long: {}", "x".repeat(200_000));
    for (head, status) in [("\u{1}\r\n\r\n", 400), ("GET / HTTP/1.1\r\n: x\r\n\r\n", 400), (long_head.as_str(), 431)] {
        let (sent, seen) = sent_to_its_end(&server, head, &garbage).await;
        assert_eq!((sent, seen.status), (true, status), "{}", &head[..10.min(head.len())]);
    }
}

#[test_waits::test]
async fn a_broken_body_is_answered_and_the_connection_ends() {
    let server = with_limits(closes).await;
    let garbage = vec![b'x'; LONG];
    for line in ["POST /v9/http/echo", "PUT /v9/http/echo", "POST /api"] {
        let head = case(line, &[JSON], 400).head("1.1", "transfer-encoding: chunked");
        let (sent, seen) = sent_to_its_end(&server, &(head + "no chunk\r\n"), &garbage).await;
        assert_eq!((sent, seen.header("connection")), (true, Some("close")), "{seen:?}");
    }
}

#[test_waits::test]
async fn a_body_that_does_not_come_is_waited_for_in_time() {
    let server = with_limits(|limits| {
        limits.unread_timeout = Duration::from_millis(50);
        limits.linger_timeout = Duration::from_millis(50);
    })
    .await;
    let mut stream = server.connect().await;
    stream.write_all(b"PUT /v9/http/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n[").await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let seen = Answer::parse(&bytes);
    assert_eq!((seen.error(), seen.header("connection")), ((405, -32804), Some("close")));
    // The server does not read for ever either.
    let drip = async {
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    soon("the server to read no more", drip).await;
    assert_eq!(server.stop().await.cut, 0);
}

#[test_waits::test]
async fn a_client_that_waits_to_be_asked_is_answered_at_once_and_asked_for_nothing() {
    let server = with_limits(|limits| limits.unread_timeout = Duration::from_secs(3600)).await;
    for (line, headers, status) in [
        ("PUT /v9/http/echo", [JSON], 405),
        ("POST /v9/http/echo", [JSON], 413),
        ("POST /v9/http/echo", ["content-type: text/plain"], 415),
        ("POST /v9/http/admin-upload", [PARTS], 401),
        ("POST /api", [JSON], 413),
    ] {
        let head =
            case(line, &headers, status).with_length("1.1").replace("\r\n\r\n", "\r\nExpect: 100-Continue\r\n\r\n");
        let (_, seen) = sent_to_its_end(&server, &head, b"").await;
        assert_eq!((seen.status, seen.header("connection")), (status, Some("close")), "{line}");
    }
}

async fn over_http2(server: &Running) -> SendRequest<Bytes> {
    let (sender, connection) = h2::client::handshake(server.connect().await).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// Sends a request and reads its answer to its end.
async fn ask(sender: &SendRequest<Bytes>, line: &str, headers: &[String], body: Vec<u8>) -> (u16, Vec<u8>) {
    let (verb, path) = line.split_once(' ').unwrap();
    let host = headers.iter().find_map(|header| header.strip_prefix("host: ")).unwrap_or("localhost");
    let mut request = Request::builder().method(verb).uri(format!("http://{host}{path}")).version(Version::HTTP_2);
    for header in headers.iter().filter(|header| !header.starts_with("host:")) {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let request = request.header("content-length", body.len()).body(()).unwrap();
    let mut sender = sender.clone().ready().await.unwrap();
    let (response, mut out) = sender.send_request(request, false).unwrap();
    out.send_data(body.into(), true).unwrap();
    let response = response.await.unwrap();
    let (status, mut body, mut bytes) = (response.status().as_u16(), response.into_body(), Vec::new());
    while let Some(data) = body.data().await {
        bytes.extend_from_slice(&data.unwrap());
    }
    (status, bytes)
}

#[test_waits::test]
async fn http2_sees_every_answer_and_the_connection_lives() {
    for server in [start().await, with_limits(closes).await] {
        let sender = over_http2(&server).await;
        for case in cases() {
            soon(format_args!("an answer to {}", case.line), async {
                let (status, _) = ask(&sender, case.line, &case.headers, case.body()).await;
                assert_eq!(status, case.status, "{} {:?}", case.line, case.headers);
                let next = ask(&sender, "POST /v9/http/echo", &[JSON.to_owned()], b"[7]".to_vec()).await;
                assert_eq!(next, (200, br#"{"status":200,"reason":"OK","data":7}"#.to_vec()), "{}", case.line);
            })
            .await;
        }
    }
}
