//! What callers make the process hold: bounded for each connection, for each network and for all; the largest holder gives way.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use http::{Request, StatusCode};
use rpc_core::{Api, Resource};
use serde_json::json;
use test_waits::{Bounded, soon, until, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use super::with_limits;
use crate::support::server::{Answer, Running, Stream};

const MIB: usize = 1024 * 1024;
const ECHO: &str = "POST /v9/http/echo HTTP/1.1\r\nhost: x\r\n";

/// A connection from one of the loopback's addresses, each of which is a network.
async fn from(host: u8, server: &Running) -> Stream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, 1, host), 0))).unwrap();
    Bounded::new(socket.connect(server.address).await.unwrap())
}

/// Asks on a connection; `None` when it is closed.
async fn ask(stream: &mut Stream) -> Option<u16> {
    let request = format!("{ECHO}content-length: 3\r\n\r\n[1]");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut bytes = [0; 1024];
    let count = stream.read(&mut bytes).await.unwrap_or(0);
    (count > 0).then(|| Answer::parse(&bytes[..count]).status)
}

async fn is_closed(stream: &mut Stream) -> bool {
    matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_))
}

fn held(api: &Api, resource: Resource) -> u64 {
    api.resources().into_iter().find(|used| used.resource == resource).unwrap().held
}

#[test_waits::test]
async fn a_network_has_a_share_of_the_connections() {
    let server = with_limits(|limits| limits.connections_per_network = 5).await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut stream = from(1, &server).await;
        assert_eq!(ask(&mut stream).await, Some(200));
        streams.push(stream);
    }
    assert!(is_closed(&mut from(1, &server).await).await);
    assert_eq!(ask(&mut from(2, &server).await).await, Some(200));
    assert_eq!(ask(&mut streams[0]).await, Some(200));
    drop(streams.pop());
    until("the places to be held", || held(&server.api, Resource::Connections) <= 4).await;
    assert_eq!(ask(&mut from(1, &server).await).await, Some(200));
}

#[test_waits::test]
async fn idle_connections_give_way_when_all_places_are_taken() {
    let server = with_limits(|limits| limits.connections = 16).await;
    let mut idle = Vec::new();
    for place in 0..16 {
        let mut stream = from(1 + place % 2, &server).await;
        assert_eq!(ask(&mut stream).await, Some(200));
        idle.push(stream);
    }
    for newcomer in 3..9 {
        assert_eq!(ask(&mut from(newcomer, &server).await).await, Some(200), "{newcomer}");
    }
    let shed = server.api.resources().into_iter().find(|used| used.resource == Resource::Connections).unwrap().shed;
    assert!(shed >= 1, "{shed}");
    let mut closed = 0;
    for stream in &mut idle {
        closed += u64::from(ask(stream).await.is_none());
    }
    assert_eq!(closed, shed);
}

#[test_waits::test]
async fn bodies_under_way_are_counted_for_their_network() {
    let server = with_limits(|limits| limits.memory_per_network = 2 * MIB as u64).await;
    let mut streams = Vec::new();
    let head = format!("{ECHO}content-length: {MIB}\r\n\r\n");
    for _ in 0..8 {
        streams.push(from(1, &server).await);
    }
    until("the places to be held", || held(&server.api, Resource::Connections) == 8).await;
    for stream in &mut streams {
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; MIB / 2]).await.unwrap();
    }
    until("more to be held", || held(&server.api, Resource::Memory) > 3 * MIB as u64 / 2).await;
    let mut statuses = Vec::new();
    for stream in &mut streams {
        let mut rest = vec![b' '; MIB / 2];
        rest[0] = b'1';
        stream.write_all(&rest).await.unwrap();
    }
    for stream in &mut streams {
        let mut bytes = vec![0; 4096];
        let count = stream.read(&mut bytes).await.unwrap();
        statuses.push(Answer::parse(&bytes[..count]).status);
    }
    let count = |status| statuses.iter().filter(|&&other| other == status).count();
    assert!(count(429) >= 6 && count(200) + count(429) == 8, "{statuses:?}");
    assert_eq!(ask(&mut from(2, &server).await).await, Some(200));
    drop(streams);
    until("nothing to be held", || held(&server.api, Resource::Memory) == 0).await;
}

#[test_waits::test]
async fn the_largest_holder_is_closed_when_the_memory_is_used_up() {
    let server = with_limits(|limits| {
        limits.memory = MIB as u64;
        limits.memory_per_network = MIB as u64;
    })
    .await;
    let mut holder = from(1, &server).await;
    holder.write_all(format!("{ECHO}content-length: {MIB}\r\n\r\n").as_bytes()).await.unwrap();
    holder.write_all(&vec![b' '; 900 * 1024]).await.unwrap();
    until("more to be held", || held(&server.api, Resource::Memory) > 900 * 1024).await;
    let mut other = from(2, &server).await;
    let body = format!("[\"{}\"]", "x".repeat(100 * 1024));
    let head = format!("{ECHO}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    other.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    assert!(is_closed(&mut holder).await);
    let mut bytes = Vec::new();
    other.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(Answer::parse(&bytes).status, 200);
    let memory = server.api.resources().into_iter().find(|used| used.resource == Resource::Memory).unwrap();
    assert_eq!(memory.shed, 1);
}

#[test_waits::test]
async fn requests_of_http2_are_counted_before_their_bodies_come() {
    let max = 64 * 1024;
    let server = with_limits(|limits| limits.memory_per_connection = max).await;
    let sender = client(&server, 1000).await;
    let (mut waiting, mut refused) = (Vec::new(), 0);
    for _ in 0..8 {
        let mut sender = sender.clone().ready().await.unwrap();
        let request = Request::post("http://x/v9/http/echo").header("x-long", "x".repeat(4000)).body(()).unwrap();
        let (response, body) = sender.send_request(request, false).unwrap();
        match tokio::time::timeout(Duration::from_millis(200), response).await {
            Ok(answer) => {
                assert_eq!(answer.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
                refused += 1;
            }
            Err(_) => waiting.push(body),
        }
        assert!(held(&server.api, Resource::Memory) <= max);
    }
    assert!(refused >= 5 && !waiting.is_empty(), "{refused}");
}

/// A client whose streams have windows of so many bytes.
async fn client(server: &Running, window: u32) -> SendRequest<Bytes> {
    let stream = server.connect().await;
    let (sender, connection) = Builder::new().initial_window_size(window).handshake(stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

#[test_waits::test]
async fn answers_that_are_not_taken_leave_no_room_for_more_on_their_connection() {
    let max = 4 * MIB as u64;
    let server = with_limits(|limits| limits.memory_per_connection = max).await;
    let sender = client(&server, 0).await;
    let text = "x".repeat(MIB / 2);
    let (mut answers, mut max_held) = (Vec::new(), 0);
    for _ in 0..30 {
        let mut sender = sender.clone().ready().await.unwrap();
        let request = Request::post("http://x/v9/http/echo").body(()).unwrap();
        let (response, mut body) = sender.send_request(request, false).unwrap();
        body.send_data(Bytes::from(format!("[\"{text}\"]")), true).unwrap();
        answers.push(soon("an answer", response).await.unwrap());
        max_held = max_held.max(held(&server.api, Resource::Memory));
    }
    let count = |status| answers.iter().filter(|answer| answer.status() == status).count();
    assert_eq!((count(StatusCode::OK), count(StatusCode::TOO_MANY_REQUESTS)), (7, 23));
    assert!(max_held <= max && max_held > max / 2, "{max_held}");
    drop((answers, sender));
    until("nothing to be held", || held(&server.api, Resource::Memory) == 0 && held(&server.api, Resource::Calls) == 0)
        .await;
}

#[test_waits::test]
async fn an_answer_that_is_taken_a_byte_at_a_time_is_given_up() {
    let limit = Duration::from_millis(500);
    let server = with_limits(|limits| limits.write_timeout = limit).await;
    let mut sender = client(&server, 1).await.ready().await.unwrap();
    let request = Request::post("http://x/v9/http/echo").body(()).unwrap();
    let (response, mut body) = sender.send_request(request, false).unwrap();
    body.send_data(Bytes::from(format!("[\"{}\"]", "x".repeat(10_000))), true).unwrap();
    let mut body = soon("an answer", response).await.unwrap().into_body();
    // Some progress within each time, and far too little of it.
    let reset = soon("the answer to be given up", async {
        loop {
            match body.data().await {
                Some(Ok(bytes)) => body.flow_control().release_capacity(bytes.len()).unwrap(),
                Some(Err(error)) => return error.reason(),
                None => panic!("it was taken whole"),
            }
            tokio::time::sleep(limit / 5).await;
        }
    })
    .await;
    assert_eq!(reset, Some(h2::Reason::CANCEL));
    until("the places to be held", || held(&server.api, Resource::Memory) <= 32 * 1024).await;
}

#[test_waits::test]
async fn uploads_at_once_have_places() {
    let server = with_limits(|limits| limits.uploads_per_network = 2).await;
    let part = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx";
    let head = "POST /v9/http/upload HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\n";
    let unfinished = format!("{head}content-length: 1000\r\n\r\n{part}");
    let mut holders = Vec::new();
    for _ in 0..2 {
        let mut stream = from(1, &server).await;
        stream.write_all(unfinished.as_bytes()).await.unwrap();
        holders.push(stream);
    }
    until("the places to be held", || held(&server.api, Resource::Uploads) == 2).await;
    let whole = format!("{part}\r\n--b--\r\n");
    let whole = format!("{head}connection: close\r\ncontent-length: {}\r\n\r\n{whole}", whole.len());
    let upload = async |host| {
        let mut stream = from(host, &server).await;
        stream.write_all(whole.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Answer::parse(&bytes)
    };
    let refused = upload(1).await;
    assert_eq!(refused.status, 429);
    assert!(refused.text().contains("`uploads_per_network`"), "{}", refused.text());
    assert_eq!(upload(2).await.status, 200);
    drop(holders);
    until("nothing to be held", || held(&server.api, Resource::Uploads) == 0).await;
    assert_eq!(upload(1).await.status, 200);
}

#[test_waits::test]
async fn calls_of_a_network_have_places_and_nobody_else_waits() {
    let server = with_limits(|limits| limits.calls_per_network = 3).await;
    let waits = "POST /v9/http/waits HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut stream = from(1, &server).await;
        stream.write_all(waits.as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    until("the places to be held", || held(&server.api, Resource::Calls) == 3).await;
    assert_eq!(ask(&mut from(1, &server).await).await, Some(429));
    assert_eq!(ask(&mut from(2, &server).await).await, Some(200));
    drop(waiting);
    until("nothing to be held", || held(&server.api, Resource::Calls) == 0).await;
    assert_eq!(ask(&mut from(1, &server).await).await, Some(200));
}

#[test_waits::test]
async fn who_waits_for_no_answer_is_served_at_the_pace_of_the_work() {
    let server = with_limits(|limits| limits.calls_per_connection = 8).await;
    let mut stream = from(1, &server).await;
    let void = "POST /v9/http/waits HTTP/1.1\r\nhost: x\r\napi-call-void: true\r\ncontent-length: 0\r\n\r\n";
    // A quarter of the calls may run beside the connection. The third is waited for.
    for _ in 0..2 {
        stream.write_all(void.as_bytes()).await.unwrap();
        let mut bytes = [0; 512];
        let count = stream.read(&mut bytes).await.unwrap();
        assert_eq!(Answer::parse(&bytes[..count]).status, 202);
    }
    stream.write_all(void.as_bytes()).await.unwrap();
    until("the places to be held", || held(&server.api, Resource::Calls) == 3).await;
    assert_eq!(held(&server.api, Resource::Detached), 2);
    assert_eq!(ask(&mut from(2, &server).await).await, Some(200));
    let client = rpc_core::TestClient::new(server.api.clone());
    for _ in 0..3 {
        assert_eq!(client.call("/v9/http/opens", json!([])).await.status, 200);
    }
    let mut bytes = [0; 512];
    let count = stream.read(&mut bytes).await.unwrap();
    assert_eq!(Answer::parse(&bytes[..count]).status, 202);
    until("nothing to be held", || held(&server.api, Resource::Calls) == 0).await;
}

#[test_waits::test]
async fn what_has_begun_no_call_holds_up_no_stop() {
    let server = with_limits(|limits| limits.body_timeout = test_waits::PATIENCE).await;
    let halves = ["POST /v9/http/echo HTT", &format!("{ECHO}content-length: 10\r\n\r\n[1"), ""];
    let mut streams = Vec::new();
    for half in halves {
        let mut stream = from(1, &server).await;
        stream.write_all(half.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    let mut sender = client(&server, 1000).await.ready().await.unwrap();
    let request = Request::post("http://x/v9/http/echo").body(()).unwrap();
    let (response, mut body) = sender.send_request(request, false).unwrap();
    body.send_data(Bytes::from_static(b"[1"), false).unwrap();
    until("the places to be held", || held(&server.api, Resource::Connections) == 4).await;
    // Long before the time to drain is over.
    assert_eq!(within(Duration::from_secs(5), "the stop", server.stop()).await.cut, 0);
    drop((response, streams));
}
