//! Slow clients of HTTP/2, frame by frame: what they hold ends in time, and nothing else does.

use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{Reason, RecvStream};
use http::{Request, StatusCode};
use test_waits::soon;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::with_limits;
use crate::support::server::{Running, Stream};

const SHORT: Duration = Duration::from_millis(50);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const NO_SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// A client whose streams have windows of so many bytes.
async fn client(server: &Running, window: u32) -> SendRequest<Bytes> {
    let stream = server.connect().await;
    let (sender, connection) = Builder::new().initial_window_size(window).handshake(stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// Sends a request whose answer is as long as `text` and 38 bytes.
async fn ask(sender: &SendRequest<Bytes>, text: &str) -> RecvStream {
    let mut sender = sender.clone().ready().await.unwrap();
    let request = Request::post("http://x/v9/http/echo").body(()).unwrap();
    let (response, mut body) = sender.send_request(request, false).unwrap();
    body.send_data(Bytes::from(format!("[\"{text}\"]")), true).unwrap();
    let response = response.await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body()
}

/// Takes what comes without making room for more: how much it was, and why it ended.
async fn hold(mut body: RecvStream) -> (usize, Option<Reason>) {
    let mut length = 0;
    let ended = async {
        loop {
            match body.data().await {
                Some(Ok(bytes)) => length += bytes.len(),
                Some(Err(error)) => return error.reason(),
                None => return None,
            }
        }
    };
    let reason = soon("the end of an answer", ended).await;
    (length, reason)
}

#[test_waits::test]
async fn an_answer_that_is_not_taken_is_reset_and_the_connection_lives() {
    let server = with_limits(|limits| limits.write_timeout = SHORT).await;
    let whole = r#"{"status":200,"reason":"OK","data":"#.len() + 2 + 1000 + 1;
    for window in [0, 1, 100, 1000, whole - 2, whole - 1] {
        let sender = client(&server, window as u32).await;
        for _ in 0..3 {
            let body = ask(&sender, &"x".repeat(1000)).await;
            assert_eq!(hold(body).await, (window, Some(Reason::CANCEL)), "{window}");
        }
        assert_eq!(server.api.active_calls(), 0);
    }
    let sender = client(&server, whole as u32).await;
    assert_eq!(hold(ask(&sender, &"x".repeat(1000)).await).await, (whole, None));
    drop(sender);
    assert_eq!(server.stop().await.cut, 0);
}

#[test_waits::test]
async fn streams_that_were_reset_give_their_places_back() {
    let server = with_limits(|limits| limits.write_timeout = SHORT).await;
    let sender = client(&server, 0).await;
    // A connection has 100 places: more requests than that are answered only if they become free.
    for _ in 0..3 {
        let held = (0..100).map(async |_| hold(ask(&sender, "x").await).await);
        for (length, reason) in futures_util::future::join_all(held).await {
            assert_eq!((length, reason), (0, Some(Reason::CANCEL)));
        }
    }
}

#[test_waits::test]
async fn a_slow_reader_that_gets_on_keeps_its_answer_and_its_connection() {
    let limit = Duration::from_secs(1);
    let server = with_limits(|limits| {
        limits.write_timeout = limit;
        limits.idle_timeout = limit;
    })
    .await;
    let sender = client(&server, 100).await;
    let mut body = ask(&sender, &"x".repeat(1000)).await;
    let mut length = 0;
    while let Some(bytes) = body.data().await {
        let bytes = bytes.expect("it is not reset");
        length += bytes.len();
        tokio::time::sleep(limit / 7).await;
        body.flow_control().release_capacity(bytes.len()).unwrap();
    }
    assert_eq!(length, 1038);
}

async fn until_closed(mut stream: Stream) {
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

#[test_waits::test]
async fn a_preface_without_requests_is_closed() {
    let server = with_limits(|limits| limits.idle_timeout = SHORT).await;
    for begin in [PREFACE, &[PREFACE, NO_SETTINGS].concat()] {
        let mut stream = server.connect().await;
        stream.write_all(begin).await.unwrap();
        until_closed(stream).await;
    }
    let server = with_limits(|limits| limits.headers_timeout = SHORT).await;
    let mut stream = server.connect().await;
    stream.write_all(&PREFACE[..3]).await.unwrap();
    until_closed(stream).await;
}

#[test_waits::test]
async fn headers_that_never_end_are_closed() {
    let server = with_limits(|limits| limits.idle_timeout = SHORT).await;
    // HEADERS of stream 1 with END_STREAM and without END_HEADERS, then CONTINUATION after CONTINUATION, each of one header.
    let headers = [0, 0, 1, 1, 0x1, 0, 0, 0, 1, 0x83];
    let continuation = [0, 0, 1, 9, 0, 0, 0, 0, 1, 0x90];
    let mut stream = server.connect().await;
    stream.write_all(&[PREFACE, NO_SETTINGS, &headers].concat()).await.unwrap();
    until_closed(stream).await;
    let mut stream = server.connect().await;
    stream.write_all(&[PREFACE, NO_SETTINGS, &headers].concat()).await.unwrap();
    let drip = async {
        while stream.write_all(&continuation).await.is_ok() {
            tokio::time::sleep(SHORT / 5).await;
        }
    };
    // A frame at a time does not keep a connection.
    soon("the end of the connection", drip).await;
}

#[test_waits::test]
async fn a_body_that_never_ends_is_408() {
    let server = with_limits(|limits| limits.body_timeout = SHORT).await;
    let mut sender = client(&server, 1000).await.ready().await.unwrap();
    let request = Request::post("http://x/v9/http/echo").body(()).unwrap();
    let (response, mut body) = sender.send_request(request, false).unwrap();
    body.send_data(Bytes::from_static(b"["), false).unwrap();
    let response = soon("an answer", response).await.unwrap();
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
}
