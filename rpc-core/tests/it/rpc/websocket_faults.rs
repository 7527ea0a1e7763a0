//! What clients do wrong on a WebSocket, and what it may cost them: their own connection at most.

use std::time::Duration;

use futures_util::SinkExt;
use rpc_core::Resource;
use serde_json::{Value, json};
use test_waits::{soon, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use super::socket::Socket;
use super::{start, with_limits};
use crate::support::server::{Running, Stream};

#[test_waits::test]
async fn undecodable_messages_are_told_and_sixteen_in_a_row_close() {
    let server = start().await;
    let mut socket = Socket::guest(&server).await;
    for _ in 0..15 {
        socket.text("{").await;
        let answer = socket.json().await;
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(null), &json!(-32700)));
    }
    assert_eq!(socket.call("/v9/rpc/echo", json!([1])).await["result"]["data"], 1);
    for _ in 0..16 {
        socket.stream.send(Message::binary(vec![0xc1])).await.unwrap();
    }
    assert_eq!(socket.closed().await, Some(1007));
}

#[test_waits::test]
async fn no_message_ends_anything_but_its_own_connection() {
    let server = start().await;
    let mut other = Socket::guest(&server).await;
    let mut socket = Socket::guest(&server).await;
    let event = |params: Value| json!({"jsonrpc": "2.0", "method": "/event", "params": params});
    for message in [
        json!(null),
        json!(1),
        json!(""),
        json!({}),
        json!([null]),
        json!({"jsonrpc": "2.0", "method": null, "id": 1}),
        json!({"jsonrpc": "2.0", "method": {"a": 1}, "id": 1}),
        event(json!(null)),
        event(json!([])),
        event(json!([7])),
        event(json!({"name": "x"})),
        json!({"jsonrpc": "2.0", "method": "/abort"}),
        json!({"jsonrpc": "2.0", "method": "/abort", "params": [{"x": 1}]}),
        json!({"jsonrpc": "2.0", "method": "/subscribe", "params": [[1]]}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {}}),
        json!({"jsonrpc": "2.0", "id": 1, "error": null}),
    ] {
        socket.text(message.to_string()).await;
    }
    socket.text(json!({"jsonrpc": "2.0", "id": "last", "method": "/ping"}).to_string()).await;
    while socket.json().await["id"] != "last" {}
    assert_eq!(other.call("/v9/rpc/echo", json!([1])).await["result"]["data"], 1);
    assert_eq!(server.post("/v9/rpc/echo", "[1]").await.status, 200);
}

#[test_waits::test]
async fn a_message_over_the_limit_closes_with_1009() {
    let server = with_limits(|limits| limits.ws_message = 1000).await;
    let mut socket = Socket::guest(&server).await;
    let fits = "x".repeat(900);
    assert_eq!(socket.call("/v9/rpc/echo", json!([fits])).await["result"]["data"], fits);
    socket.text(format!("\"{}\"", "x".repeat(1000))).await;
    assert_eq!(socket.closed().await, Some(1009));
}

#[test_waits::test]
async fn subscriptions_are_limited() {
    let server = with_limits(|limits| limits.ws_subscriptions = 2).await;
    let mut socket = Socket::guest(&server).await;
    let two = json!([["/v9/rpc/news", "/v9/rpc/some"]]);
    assert_eq!(socket.call("/subscribe", two.clone()).await["result"]["status"], 200);
    assert_eq!(socket.call("/subscribe", two).await["result"]["status"], 200, "the same names");
    assert_eq!(socket.call("/subscribe", json!(["/v9/rpc/bare"])).await["error"]["code"], -32802);
    assert_eq!(socket.call("/unsubscribe", json!([["/v9/rpc/some"]])).await["result"]["status"], 200);
    assert_eq!(socket.call("/subscribe", json!(["/v9/rpc/bare"])).await["result"]["status"], 200);
    assert_eq!(socket.call("/subscribe", json!([["/no", "/such", "/event"]])).await["error"]["code"], -32802);
}

#[test_waits::test]
async fn names_of_no_event_are_told_and_not_kept() {
    let server = start().await;
    let mut socket = Socket::guest(&server).await;
    let long = |number: usize| format!("/{number:04}/{}", "x".repeat(1000));
    for number in 0..1100 {
        let answer = socket.call("/subscribe", json!([[long(number)]])).await;
        let told = json!([long(number)[..64]]);
        assert_eq!((&answer["result"]["status"], &answer["result"]["data"]["unknown"]), (&json!(200), &told));
    }
    let names: Vec<String> = (0..900).map(|number| number.to_string()).collect();
    let answer = socket.call("/subscribe", json!([names, "/v9/rpc/news"])).await;
    assert_eq!(answer["result"]["data"]["unknown"], json!(names[..8]));
    server.api.publish_by_name(rpc_core::Audience::Everyone, "/v9/rpc/news", "first").await.unwrap();
    assert_eq!(socket.json().await["method"], "/publish", "those that there are are subscribed to");
}

#[test_waits::test]
async fn what_waits_for_a_turn_is_bounded_in_bytes() {
    let server = with_limits(|limits| {
        limits.ws_running = 1;
        limits.memory_per_connection = 80_000;
    })
    .await;
    let mut socket = Socket::guest(&server).await;
    socket.start("/v9/rpc/waits", json!([])).await;
    let text = "x".repeat(1500);
    for _ in 0..60 {
        socket.start("/v9/rpc/nothing", json!([text])).await;
    }
    // What there is no room for is refused; where there is none for that either, the connection ends.
    match socket.message().await {
        Message::Close(Some(frame)) => assert_eq!(u16::from(frame.code), 1008, "{frame:?}"),
        refused => {
            let refused: Value = serde_json::from_str(refused.to_text().unwrap()).unwrap();
            assert_eq!(refused["error"]["code"], -32802);
            assert!(refused["error"]["message"].as_str().unwrap().contains("`memory_per_connection`"), "{refused}");
        }
    }
    let mut resources = server.api.resources().into_iter();
    assert!(resources.find(|used| used.resource == Resource::Memory).unwrap().held <= 80_000);
}

/// A handshake by hand, for what no client library sends.
pub(super) async fn raw(server: &Running) -> Stream {
    let mut stream = server.connect().await;
    let head = "GET /api HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "{}", String::from_utf8_lossy(&answer));
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&answer));
    stream
}

/// A masked frame with the mask 0.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length < 126);
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

/// Reads one short unmasked frame.
async fn read_frame(stream: &mut Stream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    stream.read_exact(&mut head).await.unwrap();
    let mut payload = vec![0; usize::from(head[1])];
    stream.read_exact(&mut payload).await.unwrap();
    (head[0], payload)
}

const PING: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"/ping"}"#;
const PONG: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"/pong"}"#;

#[test_waits::test]
async fn fragments_with_control_frames_between_are_one_message() {
    let server = start().await;
    let mut stream = raw(&server).await;
    let (first, rest) = PING.split_at(10);
    let bytes = [frame(0x01, first), frame(0x89, b"hi"), frame(0x00, b""), frame(0x80, rest)].concat();
    for byte in bytes {
        stream.write_all(&[byte]).await.unwrap();
    }
    assert_eq!(read_frame(&mut stream).await, (0x8a, b"hi".to_vec()));
    assert_eq!(read_frame(&mut stream).await, (0x81, PONG.to_vec()));
}

#[test_waits::test]
async fn broken_frames_close_with_a_code() {
    let server = start().await;
    for (bytes, code) in [
        (vec![0x81, 0x01, b'x'], 1002_u16),
        (frame(0xf1, b"x"), 1002),
        (frame(0x83, b"x"), 1002),
        (frame(0x80, b"x"), 1002),
        (frame(0x81, b"\xff"), 1007),
        (vec![0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 1009),
    ] {
        let mut stream = raw(&server).await;
        stream.write_all(&bytes).await.unwrap();
        let (first, payload) = read_frame(&mut stream).await;
        assert_eq!((first, u16::from_be_bytes([payload[0], payload[1]])), (0x88, code), "{bytes:?}");
    }
}

#[test_waits::test]
async fn a_client_that_goes_away_in_the_middle_leaves_nothing_behind() {
    let server = start().await;
    let mut half = raw(&server).await;
    half.write_all(&frame(0x01, &PING[..10])[..9]).await.unwrap();
    drop(half);
    let mut socket = Socket::guest(&server).await;
    socket.start("/v9/rpc/waits", json!([])).await;
    until("the call to run", || server.api.active_calls() == 1).await;
    drop(socket);
    until("nothing to be left", || server.api.active_calls() + server.api.websockets() as u64 == 0).await;
    assert_eq!(server.memory.take().last().unwrap().status, 499);
}

#[test_waits::test]
async fn a_polite_close_in_the_middle_of_a_call_is_answered() {
    let server = start().await;
    let mut socket = Socket::guest(&server).await;
    socket.start("/v9/rpc/waits", json!([])).await;
    socket.stream.send(Message::Close(None)).await.unwrap();
    assert_eq!(socket.closed().await, None);
    until("nothing to be left", || server.api.active_calls() + server.api.websockets() as u64 == 0).await;
}

#[test_waits::test]
async fn a_silent_client_is_pinged_and_then_dropped() {
    let server = with_limits(|limits| {
        limits.ws_ping = Duration::from_millis(20);
        limits.ws_silence = Duration::from_millis(200);
    })
    .await;
    let mut silent = raw(&server).await;
    let mut bytes = Vec::new();
    silent.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes.starts_with(&[0x89, 0]), "{bytes:?}");
    assert!(bytes.chunks(2).filter(|frame| frame == &[0x89, 0]).count() > 2, "{bytes:?}");
}

#[test_waits::test]
async fn a_message_that_does_not_end_is_not_kept_for_ever() {
    let server = with_limits(|limits| {
        limits.ws_ping = Duration::from_millis(20);
        limits.body_timeout = Duration::from_millis(200);
    })
    .await;
    // As many pings as make much more than that time.
    let mut pings = raw(&server).await;
    for _ in 0..30 {
        assert_eq!(read_frame(&mut pings).await, (0x89, Vec::new()));
        pings.write_all(&frame(0x8a, b"")).await.unwrap();
    }
    pings.write_all(&frame(0x81, PING)).await.unwrap();
    while read_frame(&mut pings).await != (0x81, PONG.to_vec()) {}
    let mut begins = raw(&server).await;
    begins.write_all(&frame(0x01, &PING[..10])).await.unwrap();
    let is_cut = async {
        loop {
            let mut ping = [0; 2];
            let answered = match begins.read_exact(&mut ping).await {
                Ok(_) => begins.write_all(&frame(0x8a, b"")).await,
                Err(end) => Err(end),
            };
            if answered.is_err() {
                break;
            }
        }
    };
    soon("the connection to be cut", is_cut).await;
}

#[test_waits::test]
async fn a_reader_that_does_not_read_is_closed_with_1008_and_costs_bounded_memory() {
    let server = start().await;
    let socket = Socket::guest(&server).await;
    let text = "x".repeat(1000);
    for _ in 0..100_000 {
        server.api.publish_by_name(rpc_core::Audience::Everyone, "/v9/rpc/news", &text).await.unwrap();
        if server.api.websockets() == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(socket.closed().await, Some(1008));
}
