//! The stop of a server: what runs ends well, what comes is refused.

use std::time::Duration;

use rpc_core::TestClient;
use rpc_core::http::{HttpService, Server};
use serde_json::json;
use test_waits::{Bounded, soon, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::{builder, start};
use crate::support::server::{Answer, Running};

const WAITS: &[u8] = b"POST /v9/http/waits HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";

async fn inside(server: &Running, count: u32) {
    until("the call to run", || server.api.method("/v9/http/waits").unwrap().active_calls() == count).await;
}

/// Opens the door of one waiting call, from inside.
async fn open(api: &rpc_core::Api) {
    assert_eq!(TestClient::new(api.clone()).call("/v9/http/opens", json!([])).await.status, 200);
}

/// Opens the door
#[rpc_core::api_method(path = "/v9/http/opens", permissions = ["*"], private)]
async fn opens(doors: &super::Doors) -> Result<(), rpc_core::ApiError> {
    doors.open.add_permits(1);
    Ok(())
}

#[test_waits::test]
async fn a_running_call_is_answered_and_then_the_connection_closed() {
    let server = start().await;
    let mut stream = server.connect().await;
    stream.write_all(WAITS).await.unwrap();
    inside(&server, 1).await;
    let (api, address) = (server.api.clone(), server.address);
    open(&api).await;
    let stopped = server.stop().await;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let answer = Answer::parse(&bytes);
    assert_eq!((answer.status, answer.json()["data"].clone(), stopped.cut), (200, json!("waited"), 0));
    assert!(TcpStream::connect(address).await.is_err(), "nothing listens any more");
}

#[test_waits::test]
async fn a_call_that_does_not_end_is_cut_and_counted() {
    let api = builder().build().unwrap();
    let server = Server::bind(HttpService::new(api.clone()), "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let server = server.drain(Duration::from_millis(20));
    let mut stream = Bounded::new(TcpStream::connect(server.local_addr().unwrap()).await.unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(server.serve(async move { drop(stopped.await) }));
    stream.write_all(WAITS).await.unwrap();
    until("the call to run", || api.active_calls() > 0).await;
    stop.send(()).unwrap();
    assert_eq!(soon("the stop", served).await.unwrap().cut, 1);
}

#[test_waits::test]
async fn a_server_without_calls_stops_at_once() {
    let server = start().await;
    let mut idle = server.connect().await;
    idle.write_all(b"POST /v9/http/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let mut first = [0; 1];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(server.stop().await.cut, 0);
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
}
