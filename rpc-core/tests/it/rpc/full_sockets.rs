//! WebSockets that hold what they can: bounded for each, and nobody else pays for it.

use std::time::Duration;

use rpc_core::{Api, Resource};
use serde_json::{Value, json};
use test_waits::until;
use tokio::io::AsyncWriteExt;

use super::socket::Socket;
use super::websocket_faults::raw;
use super::with_limits;

const KIB: u64 = 1024;

fn held(api: &Api) -> u64 {
    api.resources().into_iter().find(|used| used.resource == Resource::Memory).unwrap().held
}

/// The first frame of a text of so many bytes, of which a part is sent.
fn begun(length: u64, sent: usize) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | 127];
    frame.extend(length.to_be_bytes());
    frame.extend([0; 4]);
    frame.resize(frame.len() + sent, b' ');
    frame
}

#[test_waits::test]
async fn messages_that_are_not_whole_are_counted_and_the_rest_waits_at_the_client() {
    let max = 300 * KIB;
    let server = with_limits(|limits| limits.memory_per_network = max).await;
    let mut streams = Vec::new();
    for _ in 0..6 {
        streams.push(raw(&server).await);
    }
    for stream in &mut streams {
        // What is not read fills the socket's buffers: it cannot be written whole.
        let _ = tokio::time::timeout(Duration::from_millis(200), stream.write_all(&begun(600 * KIB, 100 * 1024))).await;
    }
    until("more to be held", || held(&server.api) > max / 2).await;
    assert!(held(&server.api) <= max);
    streams.clear();
    until("nothing to be held", || held(&server.api) == 0).await;
    let mut socket = Socket::guest(&server).await;
    assert_eq!(socket.call("/v9/rpc/echo", json!([1])).await["result"]["data"], 1);
}

#[test_waits::test]
async fn answers_that_are_not_read_close_their_socket_before_they_fill_the_memory() {
    let max = 512 * KIB;
    let server = with_limits(|limits| limits.memory_per_connection = max).await;
    let mut socket = Socket::guest(&server).await;
    // The answers of waiting calls come at once, and nobody reads them.
    let text = "x".repeat(20_000);
    for _ in 0..16 {
        socket.start("/v9/rpc/waits-and-says", json!([text])).await;
    }
    until("the calls to run", || server.api.method("/v9/rpc/waits-and-says").unwrap().active_calls() == 16).await;
    server.post("/v9/rpc/opens", "[16]").await;
    for _ in 0..2000 {
        if tokio::time::timeout(Duration::from_millis(50), socket.start("/v9/rpc/echo", json!([text]))).await.is_err() {
            break;
        }
        assert!(held(&server.api) <= max);
    }
    assert!(held(&server.api) <= max);
    drop(socket);
    until("nothing to be held", || held(&server.api) == 0).await;
}

#[test_waits::test]
async fn notifications_of_a_socket_are_bounded_like_its_calls() {
    let server = with_limits(|limits| limits.calls_per_connection = 8).await;
    let mut socket = Socket::guest(&server).await;
    for _ in 0..20 {
        socket.notify("/v9/rpc/waits", json!([])).await;
    }
    until("the calls to run", || server.api.method("/v9/rpc/waits").unwrap().active_calls() == 8).await;
    let refused = socket.call("/v9/rpc/echo", json!([1])).await;
    assert_eq!(refused["error"]["code"], -32802, "{refused}");
    assert_eq!(refused["error"]["message"], "Too many requests: your `calls_per_connection` is used up");
    let mut other = Socket::guest(&server).await;
    assert_eq!(other.call("/v9/rpc/echo", json!([1])).await["result"]["data"], 1);
    server.post("/v9/rpc/opens", "[20]").await;
    until("nothing to be held", || server.api.active_calls() == 0).await;
    assert_eq!(socket.call("/v9/rpc/echo", json!([1])).await["result"]["data"], 1);
}

#[test_waits::test]
async fn a_document_counts_by_what_it_becomes() {
    let server = with_limits(|limits| limits.memory_per_connection = 256 * KIB).await;
    let mut socket = Socket::guest(&server).await;
    let refused = socket.call("/v9/rpc/echo", json!([vec![Value::Null; 10_000]])).await;
    assert_eq!(refused["error"]["code"], -32802, "{refused}");
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "/v9/rpc/echo", "params": [vec![0; 10_000]]}).to_string();
    let answer = server.post("/api", &body).await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_i64()), (429, Some(-32802)));
    assert_eq!(socket.call("/v9/rpc/echo", json!(["small"])).await["result"]["data"], "small");
}
