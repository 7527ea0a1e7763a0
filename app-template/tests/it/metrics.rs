//! What `/metrics` says, as Prometheus reads it.

pub(crate) mod parsed;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use app_template::{App, AppParts, DatabaseCounts, Metrics};
use async_trait::async_trait;
use rpc_calllog::{
    Batch, BucketQuery, CallLogOptions, CallLogStore, Counts, LogRow, MemoryLog, MethodBucket, Retention, RowQuery,
    StoreError, WriteError,
};
use rpc_core::{Api, TestClient, Timestamp};
use serde_json::json;

use self::parsed::Parsed;
use crate::world::{OTHER_PASSWORD, PASSWORD, Served, Who, World, options};

/// A world whose calls are counted, with its metrics.
async fn start() -> (World, Api, Metrics) {
    let world = World::new().await;
    let api = world.app.api_builder().counted().build().unwrap();
    let metrics = Metrics::new(&world.app, &api);
    (world, api, metrics)
}

const TEST: (&str, &str) = ("method", "/v1/test/test");
const SIGN_IN: (&str, &str) = ("method", "/v1/session/signin");

#[test_waits::test]
async fn calls_are_told_by_method_and_status() {
    let (_world, api, metrics) = start().await;
    let guest = TestClient::new(api.clone());
    for _ in 0..3 {
        guest.call("/v1/test/test", json!(["x"])).await;
    }
    guest.call("/v1/profile/read", json!([])).await;
    guest.call("/v1/nothing/here", json!([])).await;
    guest.call("/v1/test/test\"}\n", json!([])).await;
    let parsed = Parsed::read(&metrics.text());
    assert_eq!(parsed.value("rpc_calls_total", &[TEST, ("status", "200")]), Some(3.0));
    assert_eq!(parsed.value("rpc_calls_total", &[("method", "/v1/profile/read"), ("status", "401")]), Some(1.0));
    assert_eq!(parsed.sum("rpc_calls_total"), 4.0);
    assert_eq!(parsed.value("rpc_call_duration_seconds_count", &[TEST]), Some(3.0));
    assert_eq!(parsed.value("rpc_calls_active", &[TEST]), Some(0.0));
    let known: Vec<&str> = api.methods().map(|method| method.path()).collect();
    let told = parsed.labels("method");
    assert_eq!(told.iter().map(String::as_str).collect::<Vec<_>>(), known, "no more and no less than there are");
}

#[test_waits::test]
async fn tokens_hashes_mails_and_websockets_are_told() {
    let (world, api, metrics) = start().await;
    let before = Parsed::read(&metrics.text());
    let client = TestClient::new(api.clone());
    let sign_in = json!([{"username": "ann", "password": PASSWORD}]);
    assert_eq!(client.call("/v1/session/signin", sign_in).await.status, 200);
    let token = world.token(Who::Bob).await.unwrap();
    let bob = client.token(&token);
    for _ in 0..3 {
        assert_eq!(bob.call("/v1/profile/read", json!([])).await.status, 200);
    }
    assert_eq!(client.call("/v1/session/send-password-reset-email", json!(["ann"])).await.status, 200);
    world.all_mails().await;
    let served = Served::start(&api).await;
    let _sockets = [served.websocket(None).await, served.websocket(None).await];
    let after = Parsed::read(&metrics.text());
    let grown = |name: &str| after.value(name, &[]).unwrap() - before.value(name, &[]).unwrap();
    for (name, by) in [
        ("auth_cache_misses_total", 1.0),
        ("auth_cache_hits_total", 2.0),
        ("auth_cache_entries", 1.0),
        ("password_hashes_total", 2.0),
        ("password_hashes_refused_total", 0.0),
        ("mails_queued_total", 1.0),
        ("mails_sent_total", 1.0),
        ("mails_lost_total", 0.0),
        ("websockets_open", 2.0),
    ] {
        assert_eq!(grown(name), by, "{name}");
    }
    for idle in ["password_hashes_running", "password_hashes_waiting", "mails_waiting"] {
        assert_eq!(after.value(idle, &[]), Some(0.0), "{idle}");
    }
    assert_eq!(after.value("rpc_calls_total", &[SIGN_IN, ("status", "200")]), Some(1.0));
}

#[test_waits::test]
async fn the_process_is_told_of() {
    let (world, _api, metrics) = start().await;
    world.clock.advance(crate::world::HOUR);
    let parsed = Parsed::read(&metrics.text());
    assert_eq!(parsed.value("process_start_time_seconds", &[]), Some(1_700_000_000.123));
    assert_eq!(parsed.value("process_uptime_seconds", &[]), Some(3600.0));
    let labels = [("name", "app-template"), ("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(parsed.value("build_info", &labels), Some(1.0));
}

/// A log of calls that never finishes to write.
struct Hangs(MemoryLog);

#[async_trait]
impl CallLogStore for Hangs {
    async fn write(&self, _: &Batch) -> Result<(), WriteError> {
        std::future::pending().await
    }

    async fn rows(&self, query: &RowQuery<'_>) -> Result<Vec<LogRow>, StoreError> {
        self.0.rows(query).await
    }

    async fn buckets(&self, query: &BucketQuery<'_>) -> Result<Vec<MethodBucket>, StoreError> {
        self.0.buckets(query).await
    }

    async fn totals(&self, method: Option<&str>, since: Timestamp) -> Result<Counts, StoreError> {
        self.0.totals(method, since).await
    }

    async fn purge(&self, retention: &Retention) -> Result<(), StoreError> {
        self.0.purge(retention).await
    }
}

#[test_waits::test]
async fn calls_that_a_hanging_log_of_calls_has_no_room_for_are_answered_and_told() {
    let mut options = options();
    options.call_log = CallLogOptions { queue_records: 40, batch: 5, ..CallLogOptions::default() };
    let parts = AppParts { call_log: Arc::new(Hangs(MemoryLog::default())), ..AppParts::in_memory().unwrap() };
    let app = App::new(parts, options).await.unwrap();
    let api = app.api().unwrap();
    let metrics = Metrics::new(&app, &api);
    let client = TestClient::new(api);
    let dropped = || Parsed::read(&metrics.text()).value("call_log_dropped_total", &[TEST]).unwrap();
    assert_eq!(dropped(), 0.0);
    // Five are being written and twelve wait, at most: half of the five eighths of the room that guests have.
    for _ in 0..100 {
        assert_eq!(client.call("/v1/test/test", json!(["x"])).await.status, 200);
    }
    let parsed = Parsed::read(&metrics.text());
    assert!((83.0..=88.0).contains(&dropped()), "{}", dropped());
    assert_eq!(parsed.sum("call_log_dropped_total"), dropped());
    assert_eq!(parsed.value("call_log_written_total", &[]), Some(0.0));
    assert_eq!(dropped() + parsed.value("call_log_waiting", &[]).unwrap(), 100.0);
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_load_every_answer_is_whole_and_no_counter_goes_back() {
    let (_world, api, metrics) = start().await;
    let done = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4).map(|_| load(TestClient::new(api.clone()), Arc::clone(&done))).collect();
    let mut last = Parsed::read(&metrics.text());
    let mut scrapes = 0;
    while last.value("rpc_call_duration_seconds_count", &[TEST]) < Some(2000.0) || scrapes < 20 {
        let next = Parsed::read(&metrics.text());
        next.assert_follows(&last);
        last = next;
        scrapes += 1;
        tokio::task::yield_now().await;
    }
    done.store(true, Ordering::Relaxed);
    let mut called = 0;
    for caller in callers {
        called += test_waits::soon("the end of a caller", caller).await.unwrap();
    }
    let at_rest = Parsed::read(&metrics.text());
    let sum = at_rest.value("rpc_calls_total", &[TEST, ("status", "200")]);
    assert_eq!((sum, at_rest.value("rpc_call_duration_seconds_count", &[TEST])), (Some(called as f64), sum));
}

fn load(client: TestClient, done: Arc<AtomicBool>) -> tokio::task::JoinHandle<u64> {
    #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
    tokio::spawn(async move {
        let mut calls = 0;
        while !done.load(Ordering::Relaxed) {
            client.call("/v1/test/test", json!(["x"])).await;
            calls += 1;
            tokio::task::yield_now().await;
        }
        calls
    })
}

#[test_waits::test]
async fn what_is_told_is_documented_and_what_is_documented_is_told() {
    let (world, api, metrics) = start().await;
    TestClient::new(api).call("/v1/session/signin", json!([{"username": "ann", "password": OTHER_PASSWORD}])).await;
    drop(world);
    let document = include_str!("../../../docs/metrics.md");
    let documented: Vec<(String, String)> = document
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|line| line.split_once("` | ").unwrap())
        .map(|(name, rest)| (name.to_owned(), rest.split(" | ").next().unwrap().to_owned()))
        .collect();
    let told = Parsed::read(&metrics.text()).families();
    for family in &told {
        assert!(documented.contains(family), "{family:?} is not in docs/metrics.md");
    }
    // Those of a process that serves, and of parts that this application does without.
    let is_of_process = |name: &str| ["http_connections_open", "log_lines_dropped_total"].contains(&name);
    let is_elsewhere = |name: &str| is_of_process(name) || name.starts_with("database_") || name.starts_with("bus_");
    for family in documented.iter().filter(|(name, _)| !is_elsewhere(name)) {
        assert!(told.contains(family), "{family:?} is not told");
    }
    let counts = DatabaseCounts {
        connections: 3,
        idle: 2,
        max: 10,
        sent: 4,
        unsent: 5,
        heard: 6,
        missed: 7,
        listens: 8,
        forged: 9,
        heartbeat_age: Some(Duration::from_millis(250)),
    };
    let parsed = Parsed::read(&metrics.database(move || counts).text());
    let told = parsed.families();
    for family in documented.iter().filter(|(name, _)| !is_of_process(name)) {
        assert!(told.contains(family), "{family:?} is not told");
    }
    for (name, value) in [
        ("database_connections_open", 3.0),
        ("database_connections_idle", 2.0),
        ("database_connections_max", 10.0),
        ("bus_sent_total", 4.0),
        ("bus_unsent_total", 5.0),
        ("bus_heard_total", 6.0),
        ("bus_missed_total", 7.0),
        ("bus_listens_total", 8.0),
        ("bus_forged_total", 9.0),
        ("bus_heartbeat_age_seconds", 0.25),
    ] {
        assert_eq!(parsed.value(name, &[]), Some(value), "{name}");
    }
}
