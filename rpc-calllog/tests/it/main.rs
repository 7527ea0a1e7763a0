//! The counters, seen from outside: under load, with panics, with callers that go away.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use rpc_calllog::{CallCounters, MethodCounts};
use rpc_core::{Api, ApiError, State, TestClient, User, api_method, api_module};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

api_module! {
    /// Calls that end in all ways
    path = "/v1/ways"
}

/// Says how many calls have entered.
#[derive(Clone)]
struct Entered(Arc<Semaphore>);

impl State for Entered {}

/// End well, or with an error
#[api_method(path = "/v1/ways/end", permissions = ["*"])]
async fn end(status: u16) -> Result<u16, ApiError> {
    tokio::task::yield_now().await;
    if status < 400 { Ok(status) } else { Err(ApiError::new(status, "As asked")) }
}

/// Fail by a fault of the program
#[api_method(path = "/v1/ways/fail", permissions = ["*"])]
async fn fail() -> Result<(), ApiError> {
    Err(ApiError::internal("as asked"))
}

/// Panic
#[api_method(path = "/v1/ways/panic", permissions = ["*"])]
async fn panics() -> Result<(), ApiError> {
    tokio::task::yield_now().await;
    panic!("as asked")
}

/// Never end
#[api_method(path = "/v1/ways/hang", permissions = ["*"], concurrency = 10)]
async fn hang(entered: &Entered) -> Result<(), ApiError> {
    entered.0.add_permits(1);
    std::future::pending().await
}

/// For users only
#[api_method(path = "/v1/ways/closed", permissions = ["user"])]
async fn closed() -> Result<(), ApiError> {
    Ok(())
}

/// Not logged
#[api_method(path = "/v1/ways/unlogged", permissions = ["*"], log = false)]
async fn unlogged() -> Result<(), ApiError> {
    Ok(())
}

struct Counted {
    client: TestClient,
    counters: CallCounters,
    entered: Arc<Semaphore>,
}

fn counted() -> Counted {
    let (counters, entered) = (CallCounters::default(), Arc::new(Semaphore::new(0)));
    let api = Api::builder().observer(counters.clone()).state(Entered(Arc::clone(&entered))).build().unwrap();
    Counted { client: TestClient::new(api), counters, entered }
}

fn start(calls: &mut JoinSet<u16>, client: &TestClient, path: &'static str, params: Value) {
    let client = client.clone();
    calls.spawn(async move { client.call(path, params).await.status });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_calls_at_once_of_each_kind_are_counted_exactly() {
    let Counted { client, counters, .. } = counted();
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        start(&mut calls, &client, "/v1/ways/end", json!([200]));
        start(&mut calls, &client, "/v1/ways/end", json!([409]));
        start(&mut calls, &client, "/v1/ways/end", json!(["no number"]));
        start(&mut calls, &client, "/v1/ways/fail", json!([]));
        start(&mut calls, &client, "/v1/ways/panic", json!([]));
        start(&mut calls, &client, "/v1/ways/closed", json!([]));
    }
    calls.join_all().await;
    let faults = MethodCounts { requests: 100, accepted: 100, declined: 0, errors: 100, exceptions: 100 };
    let expected = [
        ("/v1/ways/closed", MethodCounts { requests: 100, errors: 100, ..MethodCounts::default() }),
        ("/v1/ways/end", MethodCounts { requests: 300, accepted: 200, declined: 0, errors: 200, exceptions: 0 }),
        ("/v1/ways/fail", faults),
        ("/v1/ways/panic", faults),
    ];
    assert_eq!(counters.snapshot(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_beyond_a_limit_are_declined_and_cancelled_ones_are_errors() {
    let Counted { client, counters, entered } = counted();
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        start(&mut calls, &client, "/v1/ways/hang", json!([]));
    }
    for _ in 0..90 {
        assert_eq!(calls.join_next().await.unwrap().unwrap(), 429);
    }
    entered.acquire_many(10).await.unwrap().forget();
    let running = MethodCounts { requests: 90, declined: 90, errors: 90, ..MethodCounts::default() };
    assert_eq!(counters.method("/v1/ways/hang"), running);
    calls.shutdown().await;
    let cancelled = MethodCounts { requests: 100, accepted: 10, declined: 90, errors: 100, exceptions: 0 };
    assert_eq!(counters.method("/v1/ways/hang"), cancelled);
}

#[tokio::test]
async fn a_call_that_comes_after_the_stop_is_declined() {
    let Counted { client, counters, .. } = counted();
    client.api().stop();
    assert_eq!(client.call("/v1/ways/end", json!([200])).await.status, 503);
    let expected = MethodCounts { requests: 1, declined: 1, errors: 1, ..MethodCounts::default() };
    assert_eq!(counters.method("/v1/ways/end"), expected);
}

#[tokio::test]
async fn methods_without_a_log_and_unknown_ones_are_not_counted() {
    let Counted { client, counters, .. } = counted();
    let client = client.identity(User::new("2", "ann"));
    client.call("/v1/ways/unlogged", json!([])).await;
    client.call("/v1/ways/unknown", json!([])).await;
    assert_eq!(counters.snapshot(), []);
    assert_eq!(counters.method("/v1/ways/unlogged"), MethodCounts::default());
}
