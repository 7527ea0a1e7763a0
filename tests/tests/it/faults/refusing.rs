//! A database that takes no connections, or no changes.

use std::fs;

use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use test_postgres::{Cluster, StopMode, TestDatabase};

use super::node::{Node, PASSWORD, PROFILE};

const MAKE_TOKEN: &str = "/v1/api-tokens/create";

/// Ends all connections to the database of a connection but itself. How many there were.
async fn end_others(connection: &mut PgConnection) -> usize {
    let query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname IS NOT NULL AND datname = $1 AND pid <> pg_backend_pid() AND application_name <> $2";
    let (database, own) = ("postgres", OWN);
    sqlx::query(query).bind(database).bind(own).fetch_all(connection).await.unwrap().len()
}

/// The name of the connections of the tests.
const OWN: &str = "test";

/// Holds a node to it that it says that it cannot answer, where it cannot, and answers where it can.
async fn cannot_be_reached(node: &Node, root: &str) {
    node.ready(false).await;
    for path in [PROFILE, "/v1/admin/users/read"] {
        let (status, answer) = node.call(root, path, json!([])).await;
        assert_eq!((status, &answer["code"]), (503, &json!(-32814)), "{path}: {answer}");
    }
    let credentials = json!([{"username": "root", "password": PASSWORD}]);
    assert_eq!(node.status("", "/v1/session/signin", credentials).await, 503);
    // What it knows of callers is good for a second.
    node.until(503, root, "/v1/test/test", json!([])).await;
    node.ok("", "/v1/test/test", json!(["x"])).await;
}

#[tokio::test]
async fn a_database_that_takes_no_connections_is_waited_for() {
    let database = TestDatabase::empty().await;
    let node = Node::start(database.url()).await;
    let root = node.root().await;
    node.ok(&root, PROFILE, json!([])).await;
    let options = database.options();
    let name = options.get_database().unwrap().to_owned();
    let mut beside = options.database("postgres").connect().await.unwrap();
    let allow = |allowed: bool| AssertSqlSafe(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}"));
    beside.execute(allow(false)).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    sqlx::query(end).bind(&name).execute(&mut beside).await.unwrap();
    cannot_be_reached(&node, &root).await;
    beside.execute(allow(true)).await.unwrap();
    node.ready(true).await;
    node.until(200, &root, PROFILE, json!([])).await;
    node.sign_in("root", PASSWORD).await;
}

/// Takes every connection that is left, and those of others too.
async fn take_all(options: &PgConnectOptions) -> Vec<PgConnection> {
    let mut taken = vec![options.connect().await.unwrap()];
    loop {
        let ended = end_others(&mut taken[0]).await;
        let refused = loop {
            match options.connect().await {
                Ok(connection) => taken.push(connection),
                Err(error) => break error,
            }
        };
        let code = refused.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
        assert_eq!(code.as_deref(), Some("53300"), "{refused}");
        if ended == 0 {
            return taken;
        }
    }
}

#[tokio::test]
async fn a_server_whose_connections_are_used_up_is_waited_for() {
    let cluster = Cluster::start_with("max_connections = 20\nsuperuser_reserved_connections = 0\n");
    let node = Node::start(&cluster.url("postgres")).await;
    let root = node.root().await;
    node.ok(&root, PROFILE, json!([])).await;
    let taken = take_all(&cluster.options("postgres").application_name(OWN)).await;
    cannot_be_reached(&node, &root).await;
    for connection in taken {
        connection.close().await.unwrap();
    }
    node.ready(true).await;
    node.until(200, &root, PROFILE, json!([])).await;
    node.sign_in("root", PASSWORD).await;
}

/// Holds a node to it that it reads, and says that it cannot write.
async fn reads_only(node: &Node, root: &str) {
    node.ready(false).await;
    node.until(200, root, PROFILE, json!([])).await;
    assert_eq!(node.ok(root, PROFILE, json!([])).await["name"], "root");
    node.ok(root, "/v1/admin/users/read", json!([])).await;
    let credentials = json!([{"username": "root", "password": PASSWORD}]);
    for (path, params) in [
        (MAKE_TOKEN, json!(["late"])),
        ("/v1/session/signin", credentials),
        ("/v1/admin/users/create", json!([{"username": "ann", "password": PASSWORD}])),
        ("/v1/admin/settings/update", json!([{"app_url": "https://example.com"}])),
        ("/v1/session/signout", json!([])),
    ] {
        let (status, answer) = node.call(root, path, params).await;
        assert_eq!((status, &answer["code"]), (503, &json!(-32814)), "{path}: {answer}");
    }
    node.ok(root, "/v1/test/test", json!(["x"])).await;
}

/// Holds a node to it that it writes, and that nothing was written before.
async fn writes_again(node: &Node, root: &str) {
    node.ready(true).await;
    node.until(200, root, MAKE_TOKEN, json!(["again"])).await;
    let tokens = node.ok(root, "/v1/api-tokens/read", json!([])).await;
    let names: Vec<_> = tokens.as_array().unwrap().iter().map(|token| token["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["again"]);
    assert_eq!(node.ok(root, "/v1/admin/users/read", json!([])).await.as_array().unwrap().len(), 1);
    assert_eq!(node.ok(root, "/v1/admin/settings/read", json!([])).await["app_url"], json!(null));
}

#[tokio::test]
async fn a_database_that_is_set_to_be_read_only_is_read() {
    let cluster = Cluster::start();
    let node = Node::start(&cluster.url("postgres")).await;
    let root = node.root().await;
    let mut operator = cluster.options("postgres").connect().await.unwrap();
    for (setting, is_read_only) in [("= on", true), ("= off", false)] {
        let set = format!("ALTER SYSTEM SET default_transaction_read_only {setting}");
        operator.execute(AssertSqlSafe(set)).await.unwrap();
        operator.execute("SELECT pg_reload_conf()").await.unwrap();
        match is_read_only {
            true => reads_only(&node, &root).await,
            false => writes_again(&node, &root).await,
        }
    }
}

#[tokio::test]
async fn a_standby_is_read_until_it_is_promoted() {
    let cluster = Cluster::start();
    let node = Node::start(&cluster.url("postgres")).await;
    let root = node.root().await;
    cluster.stop(StopMode::Fast);
    fs::write(cluster.folder().join("data/standby.signal"), "").unwrap();
    cluster.start_again();
    reads_only(&node, &root).await;
    let mut operator = cluster.options("postgres").connect().await.unwrap();
    let promoted: bool = sqlx::query_scalar("SELECT pg_promote()").fetch_one(&mut operator).await.unwrap();
    assert!(promoted);
    writes_again(&node, &root).await;
}
