//! The log of a process, whoever reads it or does not.

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::http::call;
use crate::metrics::{started, value};
use crate::process::{Running, command};

const DROPPED: &str = "log_lines_dropped_total";

/// As many calls at once as one request may hold.
const CALLS: usize = 50;

/// A server with a line a call in its log.
fn talkative() -> Command {
    command("app-template", &["-p", "0", "--metrics-bind", "127.0.0.1:0", "--log-level", "debug"])
}

/// A request of many calls.
fn batch() -> Value {
    let request = |id| json!({"jsonrpc": "2.0", "id": id, "method": "/v1/test/test", "params": ["x"]});
    Value::Array((0..CALLS).map(request).collect())
}

/// Calls until lines were dropped, and is answered each time.
async fn call_until_lines_are_dropped(address: &str, metrics: &str) {
    for _ in 0..2000 {
        let (status, answers) = call(address, "/api", batch()).await;
        assert_eq!((status, answers.as_array().map(Vec::len)), (200, Some(CALLS)), "{answers}");
        if value(metrics, DROPPED).await > 0.0 {
            return;
        }
    }
    panic!("the log has room for everything");
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_up_no_call_and_no_stop_and_is_counted() {
    let (running, metrics, address) = started(&mut talkative()).await;
    assert_eq!(value(&metrics, DROPPED).await, 0.0);
    // From here on nobody reads what comes through the pipe.
    call_until_lines_are_dropped(&address, &metrics).await;
    assert_eq!(call(&address, "/v1/test/test", json!(["x"])).await.0, 200);
    running.signal(Signal::TERM);
    let ended = running.ended().await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn a_log_whose_reader_went_away_hurts_nobody() {
    let (mut running, metrics, address) = started(&mut talkative()).await;
    running.hang_up();
    call_until_lines_are_dropped(&address, &metrics).await;
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await.code, Some(0));
}

#[tokio::test]
async fn the_last_lines_are_there_when_the_process_ends() {
    let (mut running, _, address) = started(&mut talkative()).await;
    running.read_on();
    for _ in 0..10 {
        assert_eq!(call(&address, "/api", batch()).await.0, 200);
    }
    running.signal(Signal::TERM);
    let log = running.ended().await.stderr;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().filter(|line| line["event"] == "call").count(), 10 * CALLS);
    assert_eq!(lines.last().unwrap()["event"], "server.stopped");
}

#[tokio::test]
async fn a_panic_is_an_event_of_the_log_whatever_the_level() {
    for (directives, method) in [("info", json!("/v1/slow/panic")), ("off,app_template::cli=info", Value::Null)] {
        let (mut running, address) =
            Running::serve(command("slow-app", &["-p", "0"]).env("RUST_LOG", directives)).await;
        assert_eq!(call(&address, "/v1/slow/panic", json!([])).await.0, 500);
        let panic = running.event("panic").await;
        assert_eq!((&panic["level"], &panic["msg"]), (&json!("ERROR"), &json!("panic: it is meant to")));
        assert!(panic["place"].as_str().unwrap().contains("slow-app.rs:"), "{panic}");
        assert_eq!(panic["method"], method);
    }
}
