//! WebSocket as a well-behaved client sees it.

use rpc_core::Notice;
use serde_json::json;
use test_waits::until;
use tokio_tungstenite::tungstenite::Message;

use super::socket::Socket;
use super::{start, with_limits};

#[test_waits::test]
async fn subprotocol_and_token_are_negotiated() {
    let server = start().await;
    let mut socket = Socket::with_token(&server, "t_user").await;
    assert_eq!(socket.protocol.as_deref(), Some("jsonrpc_2.0"));
    assert_eq!(socket.call("/v9/rpc/whoami", json!([])).await["result"]["data"], "ann");
    let mut socket = Socket::guest(&server).await;
    assert_eq!(socket.protocol, None);
    assert_eq!(socket.call("/v9/rpc/whoami", json!([])).await["result"]["data"], json!(null));
    let mut socket = Socket::open(&server, &[("authorization", "Bearer t_admin")]).await.unwrap();
    assert_eq!(socket.call("/v9/rpc/whoami", json!([])).await["result"]["data"], "bob");
    assert_eq!(Socket::open(&server, &[("sec-websocket-protocol", "graphql-ws")]).await.err(), Some(400));
    assert_eq!(server.api.websockets(), 3);
}

#[test_waits::test]
async fn a_bad_token_opens_and_is_closed_with_4401_a_second_later() {
    let server = start().await;
    let mut socket = Socket::with_token(&server, "t_bad").await;
    socket.start("/v9/rpc/echo", json!([1])).await;
    assert_eq!(socket.closed().await, Some(4401));
    assert_eq!(server.memory.take(), [], "nothing is executed");
    assert_eq!(Socket::open(&server, &[("authorization", "t_down")]).await.err(), Some(503));
}

#[test_waits::test]
async fn calls_run_at_once_and_are_answered_as_they_are_ready() {
    let server = start().await;
    let mut socket = Socket::guest(&server).await;
    let first = socket.start("/v9/rpc/waits", json!([])).await;
    assert_eq!(socket.call("/v9/rpc/echo", json!(["quick"])).await["result"]["data"], "quick");
    let opens = socket.start("/v9/rpc/opens", json!([1])).await;
    let ids = [socket.json().await["id"].clone(), socket.json().await["id"].clone()];
    assert!(ids.contains(&json!(first)) && ids.contains(&json!(opens)), "{ids:?}");
}

#[test_waits::test]
async fn a_call_can_be_aborted() {
    let server = with_limits(|limits| limits.ws_running = 1).await;
    let mut socket = Socket::guest(&server).await;
    let running = socket.start("/v9/rpc/waits", json!([])).await;
    let waiting = socket.start("/v9/rpc/waits", json!([])).await;
    // In a list, or as the only parameter.
    for (id, params) in [(waiting, json!([waiting])), (running, json!(running))] {
        socket.notify("/abort", params).await;
        let answer = socket.json().await;
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(id), &json!(-32817)));
    }
    assert_eq!(server.memory.take()[0].status, 499);
    assert_eq!(socket.call("/v9/rpc/echo", json!([1])).await["result"]["data"], 1);
}

#[test_waits::test]
async fn the_protocols_own_methods_answer() {
    let server = start().await;
    let mut socket = Socket::guest(&server).await;
    socket.notify("/ping", json!([])).await;
    socket.notify("/pong", json!([])).await;
    assert_eq!(socket.call("/ping", json!([])).await, json!({"jsonrpc": "2.0", "id": 1, "method": "/pong"}));
    assert_eq!(socket.call("/healthcheck", json!([])).await["result"]["status"], 200);
    assert_eq!(socket.call("/v9/rpc/nothing", json!([])).await["error"]["code"], -32601);
    assert_eq!(socket.call("/v9/rpc/needs-file", json!([])).await["error"]["code"], -32900);
}

#[test_waits::test]
async fn batches_and_notifications_work_as_over_http() {
    let server = start().await;
    let mut socket = Socket::guest(&server).await;
    socket.notify("/v9/rpc/echo", json!([1])).await;
    let batch = json!([
        {"jsonrpc": "2.0", "id": 1, "method": "/v9/rpc/echo", "params": ["a"]},
        {"jsonrpc": "2.0", "method": "/v9/rpc/echo"},
        {"jsonrpc": "2.0", "id": 2, "method": "/ping"}
    ]);
    socket.text(batch.to_string()).await;
    let answers = socket.json().await;
    assert_eq!(
        (answers[0]["result"]["data"].clone(), answers[1]["id"].clone(), answers.as_array().unwrap().len()),
        (json!("a"), json!(2), 2)
    );
    socket.text("[]").await;
    assert_eq!(socket.json().await["error"]["code"], -32600);
}

#[test_waits::test]
async fn binary_frames_are_answered_in_binary() {
    let server = start().await;
    let mut socket = Socket::guest(&server).await;
    // {"jsonrpc": "2.0", "id": 1, "method": "/ping"}
    let request = b"\x83\xa7jsonrpc\xa32.0\xa2id\x01\xa6method\xa5/ping";
    futures_util::SinkExt::send(&mut socket.stream, Message::binary(request.to_vec())).await.unwrap();
    assert_eq!(
        socket.message().await,
        Message::binary(b"\x83\xa7jsonrpc\xa32.0\xa2id\x01\xa6method\xa5/pong".to_vec())
    );
    assert_eq!(socket.call("/v9/rpc/echo", json!([1])).await["result"]["data"], 1);
}

#[test_waits::test]
async fn calls_beyond_the_running_wait_and_beyond_the_waiting_are_refused() {
    let server = with_limits(|limits| {
        limits.ws_running = 2;
        limits.ws_waiting = 3;
    })
    .await;
    let mut socket = Socket::guest(&server).await;
    for _ in 0..7 {
        socket.start("/v9/rpc/waits", json!([])).await;
    }
    for id in [6, 7] {
        let answer = socket.json().await;
        assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(id), &json!(-32802)));
    }
    assert_eq!(server.api.method("/v9/rpc/waits").unwrap().active_calls(), 2);
    server.post("/v9/rpc/opens", "[5]").await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(socket.json().await["id"].as_u64().unwrap());
    }
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
}

#[test_waits::test]
async fn a_batch_heavier_than_all_that_may_run_runs_alone() {
    let server = with_limits(|limits| limits.ws_running = 2).await;
    let mut socket = Socket::guest(&server).await;
    let batch = (11..=15).map(|id| json!({"jsonrpc": "2.0", "id": id, "method": "/v9/rpc/echo", "params": [id]}));
    let waits = socket.start("/v9/rpc/waits", json!([])).await;
    socket.text(json!(batch.collect::<Vec<_>>()).to_string()).await;
    let last = socket.start("/v9/rpc/echo", json!(["last"])).await;
    server.post("/v9/rpc/opens", "[1]").await;
    assert_eq!(socket.json().await["id"], waits);
    let answers = socket.json().await;
    assert_eq!(
        answers.as_array().unwrap().iter().map(|answer| &answer["id"]).collect::<Vec<_>>(),
        [11, 12, 13, 14, 15]
    );
    assert_eq!(socket.json().await["id"], last);
}

#[test_waits::test]
async fn changed_rights_hold_and_gone_credentials_close_with_4000() {
    let server = start().await;
    let (mut user, guest) = (Socket::with_token(&server, "t_leaver").await, Socket::guest(&server).await);
    let admin = Socket::with_token(&server, "t_admin").await;
    assert_eq!(user.call("/v9/rpc/whoami", json!([])).await["result"]["data"], "eve");
    crate::support::withdraw("t_leaver");
    server.api.bus().announce(Notice::User("7".into())).await.unwrap();
    assert_eq!(user.closed().await, Some(4000));
    assert_eq!(server.api.websockets(), 2);
    drop((guest, admin));
}

#[test_waits::test]
async fn what_runs_when_the_credentials_go_is_answered_if_it_ends_soon() {
    let server = with_limits(|limits| limits.ws_running = 2).await;
    let mut user = Socket::with_token(&server, "t_leaver_three").await;
    let mut calls = Vec::new();
    for _ in 0..3 {
        calls.push(user.start("/v9/rpc/waits", json!([])).await);
    }
    until("two calls to run", || server.api.method("/v9/rpc/waits").unwrap().active_calls() >= 2).await;
    crate::support::withdraw("t_leaver_three");
    server.api.bus().announce(Notice::User("9".into())).await.unwrap();
    server.post("/v9/rpc/opens", "[1]").await;
    let answer = user.json().await;
    assert_eq!((&answer["id"], &answer["result"]["data"]), (&json!(calls[0]), &json!("waited")));
    // The second one does not end, and the third one never began.
    assert_eq!(user.closed().await, Some(4000));
    assert_eq!(server.api.method("/v9/rpc/waits").unwrap().active_calls(), 0);
}

#[test_waits::test]
async fn sockets_of_one_address_are_limited() {
    let server = with_limits(|limits| limits.ws_per_address = 2).await;
    let first = Socket::guest(&server).await;
    let _second = Socket::guest(&server).await;
    assert_eq!(Socket::open(&server, &[]).await.err(), Some(429));
    drop(first);
    until("one socket to be left", || server.api.websockets() <= 1).await;
    assert!(Socket::open(&server, &[]).await.is_ok());
}

#[test_waits::test]
async fn foreign_pages_may_not_connect() {
    let server = start().await;
    assert_eq!(Socket::open(&server, &[("origin", "https://evil.example")]).await.err(), Some(403));
    let own = format!("http://{}", server.address);
    assert!(Socket::open(&server, &[("origin", &own)]).await.is_ok());
}

#[test_waits::test]
async fn a_stop_finishes_what_runs_and_closes_with_1001() {
    let server = start().await;
    let mut socket = Socket::guest(&server).await;
    let id = socket.start("/v9/rpc/waits", json!([])).await;
    let api = server.api.clone();
    until("a call to run", || api.method("/v9/rpc/waits").unwrap().active_calls() > 0).await;
    server.post("/v9/rpc/opens", "[1]").await;
    let stopping = tokio::spawn(server.stop());
    assert_eq!(socket.json().await["id"], id);
    assert_eq!(socket.closed().await, Some(1001));
    assert_eq!(stopping.await.unwrap().cut, 0);
}
