//! Pages that may call and pages that may not, over HTTP/1.1, HTTP/2 and at the door to WebSocket.

use bytes::Bytes;
use http::Request;
use rpc_core::http::{HttpService, Server, ServiceFault};

use super::{builder, with_service};
use crate::support::server::Running;

const JSON: &str = "content-type: application/json";

fn service(service: HttpService) -> HttpService {
    service.allow_origin("https://app.example").allow_origin("https://list.example:8443")
}

/// Host, origin, and what a page of it may: read answers, and at all get one.
const PAGES: [(&str, &str, bool, bool); 18] = [
    ("localhost:8080", "http://localhost:8080", true, true),
    ("localhost", "https://localhost", true, true),
    ("127.0.0.1:8080", "http://127.0.0.1:8080", true, true),
    ("[::1]:8080", "http://[::1]:8080", true, true),
    ("192.0.2.1:443", "https://192.0.2.1", true, true),
    ("evil.example", "https://app.example", true, true),
    ("localhost:8080", "https://list.example:8443", true, true),
    ("evil.example", "http://evil.example", false, false),
    ("evil.example:80", "http://EVIL.example", false, false),
    ("evil.example:8080", "http://evil.example:8080", false, false),
    ("localhost.", "http://localhost.", false, false),
    ("evil.localhost", "http://evil.localhost", false, false),
    ("localhost:8080", "http://localhost:8081", false, true),
    ("localhost:8080", "http://evil.example", false, true),
    ("localhost", "null", false, true),
    ("localhost", "http://evil.example@localhost", false, true),
    ("localhost", "http://localhost, http://evil.example", false, true),
    ("app.example", "http://app.example", false, false),
];

async fn over_http2(server: &Running, path: &str, host: &str, origin: &str) -> (u16, Option<String>) {
    let (sender, connection) = h2::client::handshake(server.connect().await).await.unwrap();
    tokio::spawn(connection);
    let mut sender = sender.ready().await.unwrap();
    let request = Request::post(format!("http://{host}{path}")).header("origin", origin).body(()).unwrap();
    let (response, mut body) = sender.send_request(request, false).unwrap();
    body.send_data(Bytes::from_static(b"[]"), true).unwrap();
    let response = response.await.unwrap();
    let allowed = response.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), allowed)
}

#[test_waits::test]
async fn a_name_that_its_owner_pointed_at_the_server_reads_nothing() {
    let server = with_service(service).await;
    for (host, origin, reads, answered) in PAGES {
        let expected = (if answered { 200 } else { 403 }, reads.then_some(origin));
        let head = |line: &str, more: &str| {
            format!("{line} HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\nconnection: close\r\n{more}")
        };
        for path in ["/v9/http/echo", "/api/v9/http/echo"] {
            let request = head(&format!("POST {path}"), &format!("{JSON}\r\ncontent-length: 2\r\n\r\n[]"));
            let answer = server.raw(request.as_bytes()).await;
            assert_eq!((answer.status, answer.header("access-control-allow-origin")), expected, "{host} {origin}");
            assert_eq!(answer.header("vary"), Some("Origin"), "{host} {origin}");
            if !answered {
                let text = answer.text();
                assert!(text.contains("`public_url`") && text.contains("`allowed_origins`"), "{text}");
            }
            let (status, allowed) = over_http2(&server, path, host, origin).await;
            assert_eq!((status, allowed.as_deref()), expected, "{host} {origin}");
        }
        let answer = server.raw(head("GET /", "\r\n").as_bytes()).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), expected, "{host} {origin}");
        let asked = head("OPTIONS /v9/http/echo", "access-control-request-method: POST\r\n\r\n");
        let answer = server.raw(asked.as_bytes()).await;
        assert_eq!(answer.header("access-control-allow-methods").is_some(), reads, "{host} {origin}");
        assert_eq!(answer.header("access-control-allow-origin"), expected.1, "{host} {origin}");
    }
}

#[test_waits::test]
async fn a_websocket_opens_for_pages_that_may_read_answers() {
    let server = with_service(service).await;
    let handshake = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (host, origin, reads, _) in PAGES {
        // The server does not close a socket that opened: it is told to.
        let request = format!("GET /api HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\n{handshake}\r\n");
        let opened = opens(&server, &request).await;
        assert_eq!(opened, reads, "{host} {origin}");
    }
    let twice = format!(
        "GET /api HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\norigin: http://localhost\r\n{handshake}\r\n"
    );
    assert!(!opens(&server, &twice).await);
    let without = format!("GET /api HTTP/1.1\r\nhost: evil.example\r\n{handshake}\r\n");
    assert!(opens(&server, &without).await);
    let with_body = format!("GET /api HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n{handshake}\r\n[]");
    assert!(!opens(&server, &with_body).await);
}

async fn opens(server: &Running, request: &str) -> bool {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let mut stream = server.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut line = [0; 12];
    stream.read_exact(&mut line).await.unwrap();
    match &line {
        b"HTTP/1.1 101" => true,
        b"HTTP/1.1 403" | b"HTTP/1.1 400" => false,
        other => panic!("{}", String::from_utf8_lossy(other)),
    }
}

#[test_waits::test]
async fn all_faults_of_a_service_are_told_at_once() {
    let service = HttpService::new(builder().build().unwrap());
    assert_eq!(service.faults(), []);
    let service = service
        .rpc_prefix("rpc")
        .base_path("shop")
        .allow_origin("*")
        .allow_origin("https://app.example/shop")
        .allow_origin_of("https://app.example/shop")
        .allow_origin("not an origin");
    let faults = service.faults();
    let [ServiceFault::BadBasePath(base), ServiceFault::BadPrefix(prefix), origins @ ..] = &faults[..] else {
        panic!("{faults:?}")
    };
    assert_eq!((base.as_str(), prefix.as_str()), ("shop", "rpc"));
    let origins: Vec<&str> = origins
        .iter()
        .map(|fault| match fault {
            ServiceFault::BadOrigin { origin, .. } => origin.as_str(),
            fault => panic!("{fault:?}"),
        })
        .collect();
    assert_eq!(origins, ["*", "https://app.example/shop", "not an origin"]);
    let error = Server::bind(service, "127.0.0.1:0".parse().unwrap()).await.unwrap_err().to_string();
    for fault in faults {
        assert!(error.contains(&fault.to_string()), "{error}");
    }
}
