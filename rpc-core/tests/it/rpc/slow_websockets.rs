//! WebSockets whose clients take their answers slowly, or not at all.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpSocket;

use super::socket::Socket;
use super::with_limits;
use crate::support::server::Running;

/// More than the system keeps for a connection.
const LARGE: usize = 16 * 1024 * 1024;

async fn server(write_timeout: Duration) -> Running {
    with_limits(|limits| {
        limits.write_timeout = write_timeout;
        limits.ws_message = 2 * LARGE;
    })
    .await
}

/// A client whose system keeps little for it, and an answer that is far larger.
async fn with_large_answer(server: &Running) -> Socket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let stream = socket.connect(server.address).await.unwrap();
    let mut socket = Socket::open_over(stream, server, &[]).await.unwrap();
    socket.start("/v9/rpc/echo", json!(["x".repeat(LARGE)])).await;
    socket
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut() {
    let server = server(Duration::from_millis(50)).await;
    let mut socket = with_large_answer(&server).await;
    let gone = async {
        while server.api.websockets() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("it is cut in time");
    let mut bytes = Vec::new();
    let _ = socket.stream.get_mut().read_to_end(&mut bytes).await;
    assert!(bytes.len() < LARGE, "the answer was cut");
}

#[tokio::test]
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
