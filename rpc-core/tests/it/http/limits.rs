//! Sizes and times: each limit is met with its documented answer, which names it.

use std::time::Duration;

use test_waits::{soon, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{start, with_limits};
use crate::support::server::{Answer, Running};

const JSON: &str = "content-type: application/json";

#[test_waits::test]
async fn a_body_over_the_limit_is_413_and_names_it() {
    let server = start().await;
    let limit = 1024 * 1024;
    let fits = format!("[\"{}\"]", "x".repeat(limit - 4));
    assert_eq!(server.post("/v9/http/echo", &fits).await.status, 200);
    let over = format!("{fits} ");
    let answer = server.post("/v9/http/echo", &over).await;
    assert_eq!(answer.error(), (413, -32902));
    assert!(answer.text().contains("1048576 bytes (`max_body`)"), "{}", answer.text());
    let answer = server.post("/v9/http/texts", &format!("[\"{}\"]", "x".repeat(100))).await;
    assert!(answer.text().contains("100 bytes (`max_body`)"), "{}", answer.text());
    let chunked = format!("{:x}\r\n{over}\r\n0\r\n\r\n", over.len());
    let head = "POST /v9/http/echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(server.raw(format!("{head}{chunked}").as_bytes()).await.error(), (413, -32902));
}

#[test_waits::test]
async fn a_client_that_asks_first_is_told_before_it_sends() {
    let server = start().await;
    let request = "POST /v9/http/echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: 9000000000\r\n\r\n";
    assert_eq!(server.raw(request.as_bytes()).await.error(), (413, -32902));
}

#[test_waits::test]
async fn long_request_lines_and_headers_are_refused() {
    let server = start().await;
    let answer = server.send("GET", &format!("/v9/http/echo?a={}", "x".repeat(8 * 1024)), &[], "").await;
    assert_eq!(answer.error(), (414, -32600));
    assert!(answer.text().contains("`request_line`"));
    let answer =
        server.send("POST", "/v9/http/echo", &[JSON, &format!("x-long: {}", "x".repeat(16 * 1024))], "[]").await;
    assert_eq!(answer.error(), (431, -32600));
    assert!(answer.text().contains("`headers`"));
}

/// Sends pieces, then waits for the server to close the connection.
async fn until_closed(server: &Running, pieces: &[&str]) -> Vec<u8> {
    let mut stream = server.connect().await;
    for piece in pieces {
        stream.write_all(piece.as_bytes()).await.unwrap();
    }
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    bytes
}

const SHORT: Duration = Duration::from_millis(50);

#[test_waits::test]
async fn a_connection_that_says_nothing_is_closed() {
    let server = with_limits(|limits| limits.first_byte_timeout = SHORT).await;
    assert_eq!(until_closed(&server, &[]).await, b"");
}

#[test_waits::test]
async fn slow_headers_are_closed() {
    let server = with_limits(|limits| limits.headers_timeout = SHORT).await;
    assert_eq!(until_closed(&server, &["POST /v9/http/echo HTTP/1.1\r\nhost"]).await, b"");
    let server = with_limits(|limits| limits.headers_timeout = Duration::from_millis(300)).await;
    let mut stream = server.connect().await;
    let drip = async {
        loop {
            stream.write_all(b"P").await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        #[expect(unreachable_code, reason = "gives the block its type")]
        std::io::Result::Ok(())
    };
    let dripped = soon("the end of the connection", drip).await;
    assert!(dripped.is_err(), "a byte at a time does not keep a connection");
}

#[test_waits::test]
async fn a_slow_body_is_closed() {
    let server = with_limits(|limits| limits.body_timeout = SHORT).await;
    let request = "POST /v9/http/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n[";
    assert_eq!(until_closed(&server, &[request]).await, b"");
}

#[test_waits::test]
async fn an_idle_connection_is_closed_after_its_answer() {
    let server = with_limits(|limits| limits.idle_timeout = SHORT).await;
    let request = "POST /v9/http/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(Answer::parse(&until_closed(&server, &[request]).await).status, 200);
}

#[test_waits::test]
async fn a_reader_that_does_not_read_is_closed() {
    let server = with_limits(|limits| {
        limits.write_timeout = SHORT;
        limits.max_body = 16 * 1024 * 1024;
    })
    .await;
    let stream = server.connect().await;
    let (mut reader, mut writer) = tokio::io::split(stream);
    let body = format!("[\"{}\"]", "x".repeat(8 * 1024 * 1024));
    let head = format!("POST /v9/http/echo HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
    writer.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    until("the call to be told of", || !server.memory.take().is_empty()).await;
    assert_eq!(server.stop().await.cut, 0);
    let mut bytes = Vec::new();
    let _ = reader.read_to_end(&mut bytes).await;
    assert!(bytes.len() < body.len(), "the answer was cut");
}

#[test_waits::test]
async fn connections_live_on_within_their_limits() {
    let server = start().await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(b"POST /v9/http/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n[1]").await.unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"}") {
            assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0);
        }
        assert_eq!(Answer::parse(&bytes).status, 200);
    }
}
