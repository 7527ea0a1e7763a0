//! Connections that are all in use.

use std::time::Duration;

use serde_json::json;
use sqlx::{Connection, Executor, PgPool};
use test_postgres::TestDatabase;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::node::{Node, PASSWORD, PROFILE, node_command};
use crate::http::call_as;
use crate::process::soon;

/// How long a call that gets no connection may take: `node_command` says one second, this is for a busy machine.
const REFUSED_WITHIN: Duration = Duration::from_secs(5);

/// Waits until so many statements wait for others.
async fn waiting(pool: &PgPool, count: i64) {
    let query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let wait = async { while sqlx::query_scalar::<_, i64>(query).fetch_one(pool).await.unwrap() != count {} };
    soon("statements that wait", wait).await;
}

#[tokio::test]
async fn calls_that_get_no_connection_are_refused_in_time_and_others_go_on() {
    let database = TestDatabase::empty().await;
    let pool = database.pool(2).await;
    let node = Node::of(node_command(database.url()).env("APP_DATABASE_CONNECTIONS", "2")).await;
    let root = node.root().await;
    let mut socket = node.socket(&root).await;
    let mut holder = pool.acquire().await.unwrap();
    let mut held = holder.begin().await.unwrap();
    held.execute("LOCK TABLE rpc_auth_users IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let mut slow = JoinSet::new();
    for _ in 0..2 {
        let (address, root) = (node.address.clone(), root.clone());
        slow.spawn(async move { call_as(&address, &root, "/v1/admin/users/read", json!([])).await });
    }
    waiting(&pool, 2).await;

    let credentials = json!([{"username": "root", "password": PASSWORD}]);
    for (token, path, params) in [(&root, PROFILE, json!([])), (&String::new(), "/v1/session/signin", credentials)] {
        let began = Instant::now();
        let (status, answer) = node.call(token, path, params).await;
        assert_eq!((status, &answer["code"]), (503, &json!(-32814)), "{path}: {answer}");
        assert!(began.elapsed() < REFUSED_WITHIN, "{path}: {:?}", began.elapsed());
    }
    for token in ["", &root] {
        node.ok(token, "/v1/test/test", json!(["x"])).await;
    }
    assert_eq!(socket.call("/v1/test/test", json!(["y"])).await["result"]["data"], "y");
    node.ready(false).await;

    held.rollback().await.unwrap();
    while let Some(answered) = soon("an answer", slow.join_next()).await {
        assert_eq!(answered.unwrap().0, 200, "a call that has a connection waits");
    }
    node.ready(true).await;
    node.ok(&root, PROFILE, json!([])).await;
}
