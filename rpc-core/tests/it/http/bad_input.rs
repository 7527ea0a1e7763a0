//! What goes wrong on the way in: each fault is answered in the one envelope, and nothing else suffers.

use test_waits::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::start;

const JSON: &str = "content-type: application/json";

#[test_waits::test]
async fn bodies_that_do_not_decode_are_parse_errors() {
    let server = start().await;
    let nested = "[".repeat(10_000);
    let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
    for body in
        ["{", "[1,", "[1]]", "nul", "[\"\\x\"]", r#"{"a":1,"a":2}"#, "[1e999]", "[01]", "\u{feff}[]", &nested, &deep]
    {
        assert_eq!(server.post("/v9/http/echo", body).await.error(), (400, -32700), "{body:.40}");
    }
    let head = "POST /v9/http/echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 3\r\n\r\n";
    let answer = server.raw(&[head.as_bytes(), b"[\"\xff"].concat()).await;
    assert_eq!(answer.error(), (400, -32700));
    assert_eq!(server.post("/v9/http/echo", &format!("{}{}", "[".repeat(128), "]".repeat(128))).await.status, 200);
}

#[test_waits::test]
async fn queries_that_do_not_decode_are_parse_errors() {
    let server = start().await;
    for query in ["a=%zz", "a=%ff", "a=1&a=2", "%"] {
        assert_eq!(
            server.send("GET", &format!("/v9/http/echo?{query}"), &[], "").await.error(),
            (400, -32700),
            "{query}"
        );
    }
}

#[test_waits::test]
async fn other_verbs_are_refused_with_those_that_work() {
    let server = start().await;
    for verb in ["PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        let answer = server.send(verb, "/v9/http/echo", &[JSON], "[]").await;
        assert_eq!(
            (answer.error(), answer.header("allow")),
            ((405, -32804), Some("GET, HEAD, POST, OPTIONS")),
            "{verb}"
        );
    }
}

#[test_waits::test]
async fn other_content_types_are_refused() {
    let server = start().await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let answer = server.send("POST", "/v9/http/echo", &[&format!("content-type: {content_type}")], "[]").await;
        assert_eq!(answer.error(), (415, -32803), "{content_type}");
    }
    for content_type in ["application/json", "Application/JSON ; charset=utf-8"] {
        let answer = server.send("POST", "/v9/http/echo", &[&format!("content-type: {content_type}")], "[]").await;
        assert_eq!(answer.status, 200, "{content_type}");
    }
    let answer = server.send("POST", "/v9/http/echo", &[JSON, "content-encoding: br"], "[]").await;
    assert_eq!(answer.error(), (415, -32803));
    let answer = server.send("POST", "/v9/http/echo", &[JSON, "content-encoding: gzip"], "[]").await;
    assert_eq!(answer.error(), (400, -32700));
}

#[test_waits::test]
async fn a_panic_is_an_error_with_an_id_and_the_process_lives() {
    let server = start().await;
    let answer = server.send("POST", "/v9/http/panics", &[JSON, "x-request-id: find-me"], "[]").await;
    assert_eq!(
        (answer.status, answer.text()),
        (500, r#"{"status":500,"reason":"Internal error","code":-32603,"data":{"request_id":"find-me"}}"#)
    );
    assert_eq!(server.post("/v9/http/echo", "[]").await.status, 200);
}

#[test_waits::test]
async fn a_client_that_stops_half_way_leaves_nothing_behind() {
    let server = start().await;
    for cut in ["POST /v9/ht", "POST /v9/http/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n[1"] {
        let mut stream = server.connect().await;
        stream.write_all(cut.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
    }
    assert_eq!(server.post("/v9/http/echo", "[]").await.status, 200);
    assert_eq!(server.api.active_calls(), 0);
    let stopped = server.stop().await;
    assert_eq!(stopped.cut, 0);
}

#[test_waits::test]
async fn a_caller_who_goes_away_is_recorded_as_such() {
    let server = start().await;
    let mut stream = server.connect().await;
    stream.write_all(b"POST /v9/http/waits HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let waits = || server.api.method("/v9/http/waits").unwrap().active_calls();
    until("the call to run", || waits() == 1).await;
    drop(stream);
    until("the call to end", || waits() == 0).await;
    assert_eq!(server.memory.take()[0].status, 499);
}
