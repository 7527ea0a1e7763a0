//! What is refused or fails at the RPC endpoint has the envelope of JSON-RPC: over HTTP, in batches, over WebSocket, and
//! before there is one.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::{Value, json};
use test_waits::{until, until_async};
use tokio_tungstenite::tungstenite::Message;

use super::socket::Socket;
use super::{start, with_limits};
use crate::support::server::{Answer, Running};

fn request(id: &Value, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// The id, code and status of an error in the one envelope.
#[track_caller]
fn fault(answer: &Value) -> (Value, i64, u64) {
    let members: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(members, ["jsonrpc", "id", "error"], "{answer}");
    let error = &answer["error"];
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
    assert_eq!((&answer["jsonrpc"], &error["data"]["meta"]), (&json!("2.0"), &json!({})), "{answer}");
    let code = error["code"].as_i64().unwrap();
    assert_eq!(error["data"]["exception"], code == -32603, "{answer}");
    (answer["id"].clone(), code, error["data"]["status"].as_u64().unwrap())
}

/// The same of a response, which has the status too.
#[track_caller]
fn response_fault(answer: &Answer) -> (Value, i64, u64) {
    let fault = fault(&answer.json());
    assert_eq!(u64::from(answer.status), fault.2, "{answer:?}");
    assert_eq!(
        (answer.header("content-type"), answer.header("cache-control")),
        (Some("application/json"), Some("no-store"))
    );
    assert!(answer.header("x-request-id").is_some(), "{answer:?}");
    fault
}

#[test_waits::test]
async fn a_document_that_is_too_large_is_413_without_an_id() {
    let server = with_limits(|limits| limits.max_body = 100).await;
    let call = request(&json!(7), "/v9/rpc/echo", &json!(["x".repeat(100)]));
    for document in [call.clone(), json!([call])] {
        let answer = server.post("/api", &document.to_string()).await;
        assert_eq!(response_fault(&answer), (json!(null), -32902, 413));
        assert!(answer.text().contains("100 bytes (`max_body`)"), "{}", answer.text());
    }
    let answer = server.post("/api/v9/rpc/echo", &json!(["x".repeat(100)]).to_string()).await;
    assert_eq!((answer.status, &answer.json()["error"]["code"], answer.json().get("id")), (413, &json!(-32902), None));
}

#[test_waits::test]
async fn a_panic_is_500_under_the_id_of_its_call_and_no_other() {
    let server = start().await;
    let panics = |id: Value| request(&id, "/v9/rpc/panics", &json!([]));
    let answer = server.post_with("/api", &["x-request-id: find-me"], &panics(json!("a")).to_string()).await;
    assert_eq!(response_fault(&answer), (json!("a"), -32603, 500));
    assert_eq!(answer.json()["error"]["data"]["request_id"], "find-me");
    let batch = json!([panics(json!(1)), request(&json!(2), "/v9/rpc/echo", &json!(["b"])), panics(json!(3))]);
    let answer = server.post("/api", &batch.to_string()).await;
    let mut socket = Socket::guest(&server).await;
    socket.text(batch.to_string()).await;
    for answers in [answer.json(), socket.json().await] {
        assert_eq!(fault(&answers[0]), (json!(1), -32603, 500));
        assert_eq!((&answers[1]["id"], &answers[1]["result"]["data"]), (&json!(2), &json!("b")));
        assert_eq!(fault(&answers[2]), (json!(3), -32603, 500));
        assert!(!answers.to_string().contains("secret cause"), "{answers}");
    }
    let answer = socket.call("/v9/rpc/panics", json!([])).await;
    assert_eq!(fault(&answer), (json!(1), -32603, 500));
    assert!(answer["error"]["data"]["request_id"].is_string(), "{answer}");
    assert_eq!(socket.call("/v9/rpc/echo", json!(["lives"])).await["result"]["data"], "lives");
}

#[test_waits::test]
async fn a_stopping_server_answers_503_under_each_id() {
    let server = start().await;
    server.api.stop();
    let echo = |id: u64| request(&json!(id), "/v9/rpc/echo", &json!(["x"]));
    let answer = server.post("/api", &echo(1).to_string()).await;
    assert_eq!((response_fault(&answer), answer.header("retry-after")), ((json!(1), -32816, 503), Some("1")));
    let answer = server.post("/api", &json!([echo(1), echo(2)]).to_string()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(fault(&answer.json()[0]), (json!(1), -32816, 503));
    assert_eq!(fault(&answer.json()[1]), (json!(2), -32816, 503));
}

#[test_waits::test]
async fn calls_that_wait_on_a_socket_are_503_when_the_server_stops() {
    let server = with_limits(|limits| {
        limits.ws_running = 1;
        limits.call_timeout = Duration::from_millis(100);
    })
    .await;
    let mut socket = Socket::guest(&server).await;
    for (id, method) in [(1, "/v9/rpc/waits"), (2, "/v9/rpc/list")] {
        let message = Message::text(request(&json!(id), method, &json!([])).to_string());
        socket.stream.feed(message).await.unwrap();
    }
    socket.stream.flush().await.unwrap();
    until("the call to run", || server.api.active_calls() > 0).await;
    server.api.stop();
    assert_eq!(fault(&socket.json().await), (json!(1), 504, 504));
    assert_eq!(fault(&socket.json().await), (json!(2), -32816, 503));
    assert_eq!(socket.closed().await, Some(1001));
}

const UPGRADE: [&str; 4] = [
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// Asks for a WebSocket with other lines in place of those of the same names.
async fn upgrade(server: &Running, other: &[&str]) -> Answer {
    let name = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
    let usual = UPGRADE.iter().filter(|line| other.iter().all(|other| name(other) != name(line)));
    server.send("GET", "/api", &usual.chain(other).copied().collect::<Vec<_>>(), "").await
}

#[test_waits::test]
async fn a_refused_upgrade_says_why() {
    let server = start().await;
    for (other, code, status, word) in [
        ("origin: https://evil.example", 403, 403, "origin"),
        ("connection: keep-alive", -32600, 400, "`Connection: Upgrade`"),
        ("sec-websocket-key: short", -32600, 400, "`Sec-WebSocket-Key`"),
        ("sec-websocket-key: dGhlIHNhbXBsZSBub25j", -32600, 400, "`Sec-WebSocket-Key`"),
        ("sec-websocket-key:", -32600, 400, "`Sec-WebSocket-Key`"),
        ("sec-websocket-protocol: graphql-ws", -32600, 400, "`jsonrpc_2.0`"),
        ("authorization: t_down", -32814, 503, "unavailable"),
    ] {
        let answer = upgrade(&server, &[other]).await;
        assert_eq!(response_fault(&answer), (json!(null), code, status), "{other}");
        assert_eq!(answer.header("sec-websocket-version"), None, "{other}");
        assert!(answer.text().contains(word), "{other}: {}", answer.text());
    }
    assert_eq!(server.api.websockets(), 0);
}

#[test_waits::test]
async fn who_speaks_another_version_is_told_ours() {
    let server = start().await;
    for version in ["sec-websocket-version: 12", "sec-websocket-version: x", "sec-websocket-version:"] {
        let answer = upgrade(&server, &[version]).await;
        assert_eq!(response_fault(&answer), (json!(null), -32600, 400), "{version}");
        assert_eq!(answer.header("sec-websocket-version"), Some("13"), "{version}");
    }
}

#[test_waits::test]
async fn an_upgrade_beyond_a_limit_or_after_the_end_says_when_to_come_back() {
    let per_address = with_limits(|limits| limits.ws_per_address = 0).await;
    let total = with_limits(|limits| limits.ws_total = 0).await;
    let stopping = start().await;
    stopping.api.stop();
    for (server, code, status, word) in [
        (per_address, -32802, 429, "0 WebSockets an address (`ws_per_address`)"),
        (total, -32802, 429, "0 WebSockets (`ws_total`)"),
        (stopping, -32816, 503, ""),
    ] {
        let answer = upgrade(&server, &[]).await;
        assert_eq!(response_fault(&answer), (json!(null), code, status));
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(answer.text().contains(word), "{}", answer.text());
    }
}

#[test_waits::test]
async fn a_socket_whose_token_is_bad_takes_room_while_it_is_open() {
    let server = with_limits(|limits| limits.ws_per_address = 1).await;
    let bad = Socket::with_token(&server, "t_bad").await;
    assert_eq!(Socket::open(&server, &[]).await.err(), Some(429));
    assert_eq!(bad.closed().await, Some(4401));
    until_async("the place of the first", async || Socket::open(&server, &[]).await.is_ok()).await;
}
