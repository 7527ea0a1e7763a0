//! Sums are exact, whichever way calls come in, and whoever reads.

use std::net::SocketAddr;
use std::sync::Arc;

use rpc_calllog::{Bucket, CallLog, CallLogOptions, Counts, LogRow, MemoryLog};
use rpc_core::client::{Batch, HttpClient, WsClient};
use rpc_core::{Call, RequestId, TestClient};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{CLOSED, END, HandClock, LIMITED, MIDNIGHT, MINUTE, RARE, UNLOGGED, World};

/// How a call comes in, and what the log calls it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    InProcess,
    Http,
    JsonRpc,
    Batch,
    WebSocket,
}

pub(crate) const WAYS: [(Way, &str); 5] = [
    (Way::InProcess, "in-process"),
    (Way::Http, "http"),
    (Way::JsonRpc, "json-rpc"),
    (Way::Batch, "json-rpc"),
    (Way::WebSocket, "websocket"),
];

/// 50 calls are accepted, 5 of them end by faults; 3 more are declined.
pub(crate) fn calls() -> Vec<&'static str> {
    let faults = ["fault", "panic", "fault", "panic", "fault"];
    faults.into_iter().chain(["well"; 40]).chain(["conflict"; 5]).chain(["well"; 3]).collect()
}

/// What `curl` sends.
async fn post(address: SocketAddr, path: &str, params: &Value) {
    let body = params.to_string();
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}", body.len());
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
}

pub(crate) async fn make(world: &World, way: Way, method: &'static str, calls: &[Value]) {
    let (address, _stop) = world.serve().await;
    match way {
        Way::InProcess => {
            for params in calls {
                world.call(method, params.clone()).await;
            }
        }
        Way::Http => {
            for params in calls {
                post(address, method, params).await;
            }
        }
        Way::JsonRpc => {
            let client = HttpClient::new(&format!("http://{address}")).unwrap();
            for params in calls {
                let _ = client.call::<Value>(method, params).await;
            }
        }
        Way::Batch => {
            let mut batch = Batch::new();
            for params in calls {
                batch.call(method, params).unwrap();
            }
            let answers = HttpClient::new(&format!("http://{address}")).unwrap().batch(&batch).await.unwrap();
            assert_eq!(answers.len(), calls.len());
        }
        Way::WebSocket => {
            let client = WsClient::connect(&format!("ws://{address}")).await.unwrap();
            for params in calls {
                let _ = client.call::<Value>(method, params).await;
            }
        }
    }
}

fn sum(buckets: &[Bucket]) -> Counts {
    let mut sum = Counts::default();
    buckets.iter().for_each(|bucket| sum += bucket.counts);
    sum
}

/// What the log says of the method with the 53 calls, asked in all ways.
pub(crate) async fn assert_exact(log: &CallLog, clock: &HandClock, nodes: u64) -> Vec<LogRow> {
    let expected = Counts {
        requests: 53 * nodes,
        accepted: 50 * nodes,
        declined: 3 * nodes,
        errors: 13 * nodes,
        exceptions: 5 * nodes,
        ..Counts::default()
    };
    assert_eq!(log.totals(Some(LIMITED)).await.unwrap(), expected);
    assert_eq!(sum(&log.history(LIMITED).await.unwrap().buckets), expected);
    // A minute counts when it is over.
    assert_eq!(sum(&log.latest(LIMITED).await.unwrap().buckets), Counts::default());
    clock.pass(MINUTE);
    assert_eq!(sum(&log.latest(LIMITED).await.unwrap().buckets), expected);
    let all = log.latest_of_all(&[END, LIMITED]).await.unwrap();
    assert_eq!([sum(&all[0].buckets), sum(&all[1].buckets)], [Counts::default(), expected]);
    let latest = &all[1].buckets;
    assert_eq!(latest.iter().map(|bucket| bucket.sketch.count()).sum::<u64>(), expected.accepted);
    log.rows(Some(LIMITED), 0, 1000).await.unwrap()
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_accepted_five_failed_and_three_declined_calls_show_as_that_in_every_way() {
    for (way, transport) in WAYS {
        let world = World::new();
        let calls: Vec<Value> = calls().into_iter().map(|how| json!([how])).collect();
        make(&world, way, LIMITED, &calls).await;
        let rows = assert_exact(&world.log, &world.clock, 1).await;
        assert_eq!(rows.len(), 53, "{way:?}");
        assert!(rows.iter().all(|row| row.call.transport == transport), "{way:?}");
        let count = |status: u16| rows.iter().filter(|row| row.call.status == status).count();
        assert_eq!([count(200), count(409), count(500), count(429)], [40, 5, 5, 3], "{way:?}");
    }
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_nodes_write_is_exact_to_a_third_that_reads() {
    let store = Arc::new(MemoryLog::default());
    let nodes = [World::over(Arc::clone(&store) as _), World::over(Arc::clone(&store) as _)];
    for how in calls() {
        for node in &nodes {
            node.call(LIMITED, json!([how])).await;
        }
    }
    for node in &nodes {
        node.log.flush().await;
    }
    let clock = HandClock::at(MIDNIGHT);
    let reader = CallLog::start(store, Arc::clone(&clock) as _, CallLogOptions::default());
    let rows = assert_exact(&reader, &clock, 2).await;
    assert_eq!(rows.len(), 106);
    assert!(rows.is_sorted_by(|later, earlier| later.id > earlier.id));
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_a_thousand_calls_meets_the_limit_and_the_log_with_each() {
    for way in [Way::Batch, Way::JsonRpc] {
        let world = World::new();
        make(&world, way, RARE, &vec![json!([]); 1000]).await;
        let expected = Counts { requests: 1000, accepted: 10, declined: 990, errors: 990, ..Counts::default() };
        assert_eq!(world.totals(RARE).await, expected);
        let rows = world.log.rows(Some(RARE), 0, 2000).await.unwrap();
        let declined = rows.iter().filter(|row| row.call.status == 429 && row.call.is_error());
        assert_eq!((rows.len(), declined.count()), (1000, 990));
    }
}

#[test_waits::test]
async fn refused_calls_are_rows_and_errors_and_nothing_else() {
    let world = World::new();
    let refused = Counts { requests: 1, errors: 1, ..Counts::default() };
    assert_eq!(world.call(CLOSED, json!([])).await, 401);
    assert_eq!(world.totals(CLOSED).await, refused);
    assert_eq!(world.call(END, json!([1, 2])).await, 400);
    assert_eq!(world.totals(END).await, refused);
    assert_eq!(world.log.rows(None, 0, 10).await.unwrap().len(), 2);
}

#[test_waits::test]
async fn a_call_that_comes_after_the_stop_is_declined() {
    let world = World::new();
    world.api.stop();
    assert_eq!(world.call(END, json!(["well"])).await, 503);
    assert_eq!(world.totals(END).await, Counts { requests: 1, declined: 1, errors: 1, ..Counts::default() });
}

#[test_waits::test]
async fn methods_without_a_log_and_unknown_ones_leave_nothing() {
    let world = World::new();
    assert_eq!(world.call(UNLOGGED, json!([])).await, 200);
    assert_eq!(world.call("/v1/ways/unknown", json!([])).await, 404);
    assert_eq!(world.log.totals(None).await.unwrap(), Counts::default());
    assert_eq!(world.log.rows(None, 0, 10).await.unwrap(), []);
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_tells_who_called_what_from_where() {
    let world = World::new();
    let (address, _stop) = world.serve().await;
    let client = HttpClient::new(&format!("http://{address}")).unwrap().token("ann").unwrap();
    let _ = client.call::<Value>(CLOSED, json!([])).await;
    let rows = world.log.rows(None, 0, 1).await.unwrap();
    let call = &rows[0].call;
    let caller = call.caller.as_ref().unwrap();
    assert_eq!((&*call.method, &*caller.id, &*caller.name), (CLOSED, "2", "ann"));
    assert_eq!((call.status, &*call.reason, call.client), (200, "OK", Some("127.0.0.1".parse().unwrap())));
    assert_eq!((call.started.millis(), call.finished().millis()), (MIDNIGHT, MIDNIGHT));
}

#[test_waits::test]
async fn reasons_and_names_of_any_kind_are_logged() {
    let world = World::new();
    let ann = TestClient::new(world.api.clone()).identity(rpc_core::User::new("2", &"ä\0".repeat(10_000)));
    for reason in ["nul \0 nul", &"ö".repeat(10_000), "\u{10FFFF}\r\n'\"\\"] {
        assert_eq!(ann.call(END, json!([reason])).await.status, 400);
    }
    world.calls(1).await;
    let rows = world.log.rows(None, 0, 10).await.unwrap();
    let reasons: Vec<&str> = rows.iter().map(|row| &*row.call.reason).collect();
    assert_eq!(reasons, ["OK", "\u{10FFFF}\r\n'\"\\", &"ö".repeat(128), "nul   nul"]);
    assert!(rows[1].call.caller.as_ref().unwrap().name.starts_with("ä ä "));
}

#[test_waits::test]
async fn a_row_has_the_id_under_which_the_request_is_known_elsewhere() {
    let world = World::new();
    let id = RequestId::parse("7f3c-of.a_proxy").unwrap();
    world.api.call(Call::in_process(END, id).with_params(vec![json!("well")])).await;
    world.calls(1).await;
    let rows = world.log.rows(Some(END), 0, 10).await.unwrap();
    let ids: Vec<_> = rows.iter().map(|row| row.request_id().unwrap()).collect();
    assert!(ids.contains(&id) && ids.len() == 2 && ids[0] != ids[1], "{ids:?}");
}
