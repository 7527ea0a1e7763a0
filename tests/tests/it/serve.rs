//! `serve`: from the first line to the last, with signals.

use std::net::SocketAddr;

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::http::call;
use crate::process::{Running, command, method_count, run, soon};

/// A server with calls that wait until the test lets them go.
struct Busy {
    running: Running,
    calls: JoinSet<(u16, Value)>,
    held: Vec<TcpStream>,
}

impl Busy {
    async fn start(calls: usize) -> Self {
        Self::with("10s", calls).await
    }

    async fn with(drain_time: &str, calls: usize) -> Self {
        let mut app = command("slow-app", &["--port", "0"]);
        let (running, address) = Running::serve(app.env("APP_DRAIN_TIME", drain_time)).await;
        let gate = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let waits_for: SocketAddr = gate.local_addr().unwrap();
        let mut busy = Self { running, calls: JoinSet::new(), held: Vec::new() };
        for _ in 0..calls {
            let address = address.clone();
            busy.calls.spawn(async move { call(&address, "/v1/slow/wait", json!([waits_for])).await });
            let (stream, _) = soon("a call", gate.accept()).await.unwrap();
            busy.held.push(stream);
        }
        busy
    }
}

#[tokio::test]
async fn the_address_is_told_on_stderr_and_stdout_stays_empty() {
    let (running, address) = Running::serve(&mut command("app-template", &["serve", "--port", "0"])).await;
    let (status, answer) = call(&address, "/v1/test/test", json!(["x"])).await;
    assert_eq!((status, answer), (200, json!({"status": 200, "reason": "OK", "data": "x"})));
    running.signal(Signal::TERM);
    let ended = running.ended().await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn no_command_means_serve_and_variables_are_settings() {
    let mut app = command("app-template", &[]);
    let (_running, address) =
        Running::serve(app.env("PORT", "1").env("APP_PORT", "0").env("APP_BIND", "0.0.0.0")).await;
    assert!(address.starts_with("0.0.0.0:"), "{address}");
    assert_eq!(call(&address, "/v1/test/test", json!([])).await.0, 200);
}

#[tokio::test]
async fn the_root_page_says_what_this_is() {
    let (_running, address) = Running::serve(&mut command("app-template", &["-p", "0"])).await;
    let page = crate::http::Request { verb: "GET", path: "/", headers: Vec::new(), body: "" }.send(&address).await;
    let page: Value = serde_json::from_str(&page.body).unwrap();
    let methods = method_count().await;
    assert_eq!((&page["data"]["name"], &page["data"]["methods"]), (&json!("app-template"), &json!(methods)));
}

#[tokio::test]
async fn both_signals_wait_for_the_calls_that_run() {
    for signal in [Signal::INT, Signal::TERM] {
        let Busy { mut running, mut calls, held } = Busy::start(2).await;
        running.signal(signal);
        let stopping = running.event("server.stopping").await;
        assert_eq!((&stopping["calls"], &stopping["msg"]), (&json!(2), &json!("stopping (2 calls in flight)")));
        drop(held);
        while let Some(answered) = soon("an answer", calls.join_next()).await {
            let (status, answer) = answered.unwrap();
            assert_eq!((status, &answer["data"]), (200, &json!("closed")));
        }
        let stopped = running.event("server.stopped").await;
        assert_eq!(stopped["cut"], 0);
        let ended = running.ended().await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    }
}

#[tokio::test]
async fn a_second_signal_ends_at_once_with_130() {
    let Busy { mut running, calls: _waiting, held } = Busy::start(1).await;
    running.signal(Signal::INT);
    running.event("server.stopping").await;
    running.signal(Signal::INT);
    let ended = running.ended().await;
    assert_eq!(ended.code, Some(130));
    assert!(!ended.stderr.contains("server.stopped"), "{}", ended.stderr);
    drop(held);
}

#[tokio::test]
async fn a_stop_that_takes_its_time_says_what_it_waits_for() {
    let Busy { mut running, calls: _waiting, mut held } = Busy::start(2).await;
    running.signal(Signal::TERM);
    for calls in ["2 calls", "1 call"] {
        let draining = running.event("server.draining").await;
        assert_eq!(draining["waiting"], calls);
        held.pop();
    }
    assert_eq!(running.event("server.stopped").await["cut"], 0);
}

#[tokio::test]
async fn a_call_that_does_not_end_is_cut_after_the_time_to_drain() {
    let Busy { mut running, calls: _waiting, held } = Busy::with("600ms", 1).await;
    running.signal(Signal::TERM);
    let stopped = running.event("server.stopped").await;
    assert_eq!((&stopped["cut"], &stopped["level"]), (&json!(1), &json!("WARN")));
    assert_eq!(running.ended().await.code, Some(0));
    drop(held);
}

#[tokio::test]
async fn a_busy_port_is_named_with_another_one_to_try() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ended = run(&mut command("app-template", &["serve", "--port", &port.to_string(), "--log-level", "warn"])).await;
    let other = port.checked_add(1).unwrap_or(0);
    let expected = format!("error: 127.0.0.1:{port} is in use. Try: app-template serve --port {other}\n");
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr), (Some(5), "", expected));
}

#[tokio::test]
async fn an_address_that_others_reach_is_warned_of_once() {
    let (mut running, _) = Running::serve(&mut command("app-template", &["-b", "0.0.0.0", "-p", "0"])).await;
    let warning = running.event("server.unencrypted").await;
    assert_eq!(warning["level"], "WARN");
    let args = ["-b", "0.0.0.0", "-p", "0", "--public-url", "https://api.example.com"];
    let (running, _) = Running::serve(&mut command("app-template", &args)).await;
    running.signal(Signal::TERM);
    let ended = running.ended().await;
    assert!(!ended.stderr.contains("WARN"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_call_is_one_line_at_debug_without_its_parameters() {
    let (running, address) = Running::serve(command("app-template", &["-p", "0"]).env("RUST_LOG", "debug")).await;
    let traced = crate::http::Request {
        verb: "POST",
        path: "/v1/test/test",
        headers: vec![
            ("content-type", "application/json"),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ("tracestate", "canary-7531=1"),
        ],
        body: r#"["canary-7531"]"#,
    };
    assert_eq!(traced.send(&address).await.status, 200);
    running.signal(Signal::TERM);
    let log = running.ended().await.stderr;
    let calls: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &Value| event["event"] == "call")
        .collect();
    assert_eq!(calls.len(), 1, "{log}");
    assert_eq!((&calls[0]["method"], &calls[0]["status"]), (&json!("/v1/test/test"), &json!(200)));
    assert_eq!(calls[0]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    assert!(!log.contains("canary-7531"), "{log}");
}
