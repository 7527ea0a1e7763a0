//! WebSockets whose clients take their answers slowly, or not at all.

use std::time::Duration;

use serde_json::{Value, json};
use test_waits::{Bounded, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use super::socket::Socket;
use super::websocket_faults::raw;
use super::{start, with_limits};
use crate::support::server::{Running, Stream};

/// More than the system keeps for a connection.
const LARGE: usize = 16 * 1024 * 1024;

async fn server(write_timeout: Duration) -> Running {
    with_limits(|limits| {
        limits.write_timeout = write_timeout;
        limits.ws_message = 2 * LARGE;
        // Room for the message, what is made of it, and its answer: it is the time that is looked at here.
        (limits.memory_per_connection, limits.memory_per_network) = (6 * LARGE as u64, 6 * LARGE as u64);
    })
    .await
}

/// A client whose system keeps little for it, and an answer that is far larger.
async fn with_large_answer(server: &Running) -> Socket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let stream = Bounded::new(socket.connect(server.address).await.unwrap());
    let mut socket = Socket::open_over(stream, server, &[]).await.unwrap();
    socket.start("/v9/rpc/echo", json!(["x".repeat(LARGE)])).await;
    socket
}

#[test_waits::test]
async fn a_client_that_takes_nothing_is_cut() {
    let server = server(Duration::from_millis(50)).await;
    let mut socket = with_large_answer(&server).await;
    until("the socket to be cut", || server.api.websockets() == 0).await;
    let mut bytes = Vec::new();
    let _ = socket.stream.get_mut().read_to_end(&mut bytes).await;
    assert!(bytes.len() < LARGE, "the answer was cut");
}

#[test_waits::test]
async fn a_client_that_takes_a_bit_at_a_time_gets_all() {
    let limit = Duration::from_secs(1);
    let server = server(limit).await;
    let mut socket = with_large_answer(&server).await;
    let mut piece = vec![0; LARGE / 64];
    for number in 0..64 {
        socket.stream.get_mut().read_exact(&mut piece).await.unwrap_or_else(|error| panic!("{number}: {error}"));
        tokio::time::sleep(limit / 20).await;
    }
    assert_eq!(server.api.websockets(), 1);
}

/// Reads the head of an unmasked frame: its first byte, and the length of its payload.
async fn read_head(stream: &mut Stream) -> (u8, usize) {
    let (first, length) = (stream.read_u8().await.unwrap(), stream.read_u8().await.unwrap());
    let length = match length {
        126 => stream.read_u16().await.unwrap().into(),
        127 => usize::try_from(stream.read_u64().await.unwrap()).unwrap(),
        length => length.into(),
    };
    (first, length)
}

#[test_waits::test]
async fn a_large_answer_comes_in_frames_of_bounded_size() {
    let server = start().await;
    let mut stream = raw(&server).await;
    let data = "x".repeat(300_000);
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "/v9/rpc/echo", "params": [data]}).to_string();
    let head = [&[0x81, 0xff][..], &(call.len() as u64).to_be_bytes(), &[0; 4]].concat();
    stream.write_all(&[&head, call.as_bytes()].concat()).await.unwrap();
    let (mut answer, mut firsts) = (Vec::new(), Vec::new());
    while firsts.last().is_none_or(|first| first & 0x80 == 0) {
        let (first, length) = read_head(&mut stream).await;
        assert!(length <= 64 * 1024, "{length}");
        firsts.push(first);
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await.unwrap();
        answer.extend(payload);
    }
    assert_eq!(firsts, [0x01, 0, 0, 0, 0x80]);
    assert_eq!(serde_json::from_slice::<Value>(&answer).unwrap()["result"]["data"], data);
}
