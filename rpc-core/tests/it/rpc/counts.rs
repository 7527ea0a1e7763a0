//! Calls are counted exactly, whatever they come to and whichever way they come in.

use rpc_core::CallCounts;
use serde_json::json;
use test_waits::until;
use tokio::io::AsyncWriteExt;

use super::builder;
use super::socket::Socket;
use crate::support::server::Running;

fn counts(server: &Running, path: &str) -> CallCounts {
    server.api.method(path).unwrap().counts().unwrap()
}

/// Waits until so many calls run.
async fn active(server: &Running, calls: u64) {
    until(format_args!("{calls} calls to run"), || server.api.active_calls() == calls).await;
}

#[test_waits::test]
async fn every_end_of_a_call_is_counted_once_over_http_and_websocket() {
    let server = Running::serve(builder().counted(), |service| service).await;
    over_http(&server).await;
    over_websocket(&server).await;
    for (path, statuses, declined, panicked) in [
        ("/v9/rpc/echo", vec![(200, 50 + 20 + 3), (400, 2 + 1)], 0, 0),
        ("/v9/rpc/admin", vec![(401, 3 + 2)], 0, 0),
        ("/v9/rpc/panics", vec![(500, 5 + 2)], 0, 7),
        ("/v9/rpc/rarely", vec![(200, 10), (429, 3 + 4)], 7, 0),
        ("/v9/rpc/waits", vec![(499, 1 + 1)], 0, 0),
        ("/v9/rpc/whoami", vec![], 0, 0),
    ] {
        let counted = counts(&server, path);
        assert_eq!((&counted.statuses, counted.declined, counted.panicked), (&statuses, declined, panicked), "{path}");
        let calls: u64 = statuses.iter().map(|(_, calls)| calls).sum();
        assert_eq!(counted.times.iter().sum::<u64>(), calls, "{path}");
        assert_eq!(counted.total_time.is_zero(), calls == 0, "{path}");
    }
    let asked = server.api.methods().map(|method| method.counts().unwrap().times.iter().sum::<u64>()).sum::<u64>();
    assert_eq!(asked, 76 + 5 + 7 + 17 + 2, "unknown methods are counted nowhere");
}

async fn over_http(server: &Running) {
    for _ in 0..50 {
        assert_eq!(server.post("/v9/rpc/echo", "[1]").await.status, 200);
    }
    for (path, body, times, status) in [
        ("/v9/rpc/echo", "{", 2, 400),
        ("/v9/rpc/admin", "[]", 3, 401),
        ("/v9/rpc/panics", "[]", 5, 500),
        ("/v9/rpc/rarely", "[]", 10, 200),
        ("/v9/rpc/rarely", "[]", 3, 429),
        ("/v9/rpc/nothing", "[]", 2, 404),
    ] {
        for _ in 0..times {
            assert_eq!(server.post(path, body).await.status, status, "{path}");
        }
    }
    let mut stream = server.connect().await;
    stream.write_all(b"GET /v9/rpc/waits HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    active(server, 1).await;
    drop(stream);
    active(server, 0).await;
}

async fn over_websocket(server: &Running) {
    let mut socket = Socket::guest(server).await;
    for (path, params, times, code) in [
        ("/v9/rpc/echo", json!([1]), 20, None),
        ("/v9/rpc/echo", json!([1, 2]), 1, Some(-32602)),
        ("/v9/rpc/admin", json!([]), 2, Some(401)),
        ("/v9/rpc/panics", json!([]), 2, Some(-32603)),
        ("/v9/rpc/rarely", json!([]), 4, Some(-32802)),
        ("/v9/rpc/nothing", json!([]), 2, Some(-32601)),
    ] {
        for _ in 0..times {
            let answer = socket.call(path, params.clone()).await;
            assert_eq!(answer["error"]["code"].as_i64(), code, "{path}: {answer}");
        }
    }
    let echo = |id| json!({"jsonrpc": "2.0", "id": id, "method": "/v9/rpc/echo", "params": [id]});
    socket.text(json!([echo(1), echo(2), echo(3)]).to_string()).await;
    assert_eq!(socket.json().await.as_array().map(Vec::len), Some(3));
    socket.start("/v9/rpc/waits", json!([])).await;
    active(server, 1).await;
    drop(socket);
    active(server, 0).await;
}

#[test_waits::test]
async fn calls_are_not_counted_unless_that_is_wanted() {
    let server = super::start().await;
    server.post("/v9/rpc/echo", "[1]").await;
    assert!(server.api.methods().all(|method| method.counts().is_none()));
}

#[test_waits::test]
async fn connections_are_counted_while_they_are_open() {
    let api = builder().build().unwrap();
    let service = rpc_core::http::HttpService::new(api);
    let server = rpc_core::http::Server::bind(service, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (address, connections) = (server.local_addr().unwrap(), server.connections());
    let serving = tokio::spawn(server.serve(std::future::pending()));
    let open = async |expected| {
        until(format_args!("{expected} connections"), || connections.open() == expected).await;
    };
    open(0).await;
    let streams = [
        tokio::net::TcpStream::connect(address).await.unwrap(),
        tokio::net::TcpStream::connect(address).await.unwrap(),
    ];
    open(2).await;
    drop(streams);
    open(0).await;
    serving.abort();
}
