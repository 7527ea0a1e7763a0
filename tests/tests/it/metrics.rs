//! Metrics of a running server.

use rustix::process::Signal;
use serde_json::json;
use test_postgres::TestDatabase;
use tokio::process::Command;

use crate::http::{Request, Response, call};
use crate::process::{Running, command, run};

/// The value of a metric without labels.
pub(crate) async fn value(metrics: &str, name: &str) -> f64 {
    let answer = get(metrics, "/metrics").await.body;
    let line = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name}: {answer}")).parse().unwrap()
}

async fn get(address: &str, path: &str) -> Response {
    Request { verb: "GET", path, headers: Vec::new(), body: "" }.send(address).await
}

/// Starts a server with metrics; their address and that of the API.
async fn serve(bind: &str) -> (Running, String, String) {
    started(&mut command("app-template", &["-p", "0", "--metrics-bind", bind])).await
}

/// The same of a command.
pub(crate) async fn started(command: &mut Command) -> (Running, String, String) {
    let mut running = Running::start(command);
    let metrics = running.event("metrics.listening").await;
    let metrics =
        metrics["url"].as_str().unwrap().strip_prefix("http://").unwrap().strip_suffix("/metrics").unwrap().to_owned();
    let listening = running.event("server.listening").await;
    let address = listening["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    (running, metrics, address)
}

#[tokio::test]
async fn they_are_on_an_address_of_their_own_and_nowhere_else() {
    let (running, metrics, address) = serve("127.0.0.1:0").await;
    assert_eq!(call(&address, "/v1/test/test", json!(["x"])).await.0, 200);
    let answer = get(&metrics, "/metrics").await;
    assert_eq!(answer.status, 200);
    let count = "\nrpc_calls_total{method=\"/v1/test/test\",status=\"200\"} 1\n";
    assert!(answer.body.contains(count) && answer.body.contains("\nhttp_connections_open "), "{}", answer.body);
    assert_eq!(get(&metrics, "/v1/test/test").await.status, 404);
    assert_eq!(get(&metrics, "/").await.status, 404);
    assert_eq!(get(&address, "/metrics").await.status, 404);
    running.signal(Signal::TERM);
    let ended = running.ended().await;
    assert!(ended.code == Some(0) && !ended.stderr.contains("WARN"), "{ended:?}");
}

#[tokio::test]
async fn a_node_on_postgres_tells_of_its_connections() {
    let database = TestDatabase::empty().await;
    let mut app = command("app-template", &["-p", "0", "--metrics-bind", "127.0.0.1:0"]);
    let (running, metrics, address) = started(app.env("APP_DATABASE_URL", database.url())).await;
    assert_eq!(call(&address, "/v1/test/test", json!(["x"])).await.0, 200);
    assert_eq!(value(&metrics, "database_connections_max").await, 10.0);
    assert!((1.0..=10.0).contains(&value(&metrics, "database_connections_open").await));
    assert_eq!(value(&metrics, "bus_listens_total").await, 1.0);
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await.code, Some(0));
}

#[tokio::test]
async fn an_address_that_others_reach_is_warned_of() {
    let (mut running, ..) = serve("0.0.0.0:0").await;
    let warning = running.event("metrics.public").await;
    assert_eq!(warning["level"], "WARN");
}

#[tokio::test]
async fn a_busy_port_is_named_with_its_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (bind, port) = (taken.local_addr().unwrap(), taken.local_addr().unwrap().port());
    let args = ["-p", "0", "--metrics-bind", &bind.to_string(), "--log-level", "error"];
    let ended = run(&mut command("app-template", &args)).await;
    let other = port.checked_add(1).unwrap_or(0);
    let expected =
        format!("error: metrics-bind: {bind} is in use. Try: app-template serve --metrics-bind 127.0.0.1:{other}\n");
    assert_eq!((ended.code, ended.stderr), (Some(5), expected));
    let ended = run(&mut command("app-template", &["--metrics-bind", "9090"])).await;
    assert!(ended.code == Some(2) && ended.stderr.contains("expected an address and a port"), "{ended:?}");
}
