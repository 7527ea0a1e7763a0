//! What is taken from somebody is gone on all nodes, though none has told the others.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use test_postgres::{Cluster, TestDatabase};
use tokio::task::JoinSet;

use crate::alone;
use crate::http::try_call;
use crate::known::{Known, Taken};
use crate::node::Node;
use crate::process::soon;

/// What somebody becomes, what an operator types, and whether the session and the API token are good afterwards.
const BY_HAND: [(&str, &str, [bool; 2]); 5] = [
    ("disabled", "UPDATE rpc_auth_users SET enabled = false WHERE name = 'disabled'", [false, false]),
    ("deleted", "DELETE FROM rpc_auth_users WHERE name = 'deleted'", [false, false]),
    ("revoked", "UPDATE rpc_auth_api_tokens SET enabled = false WHERE name = 'laptop'", [true, false]),
    ("signed-out", "DELETE FROM rpc_auth_sessions WHERE user_id > 1", [false, true]),
    ("signed-out-with-all", "TRUNCATE rpc_auth_sessions", [false, true]),
];

#[tokio::test]
async fn what_is_taken_in_the_database_itself_is_gone_on_all_nodes() {
    let _alone = alone().await;
    let database = TestDatabase::empty().await;
    let pool = database.pool(1).await;
    let [here, there] = Node::two(database.url()).await;
    for (name, statement, left) in BY_HAND {
        let known = Known::make(&[&here, &there], &here.root().await, name, left).await;
        sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.unwrap();
        known.lost(Taken::now(name)).await;
    }
}

/// The process of the server that sends what a node has to tell, while there is one node.
async fn sender(pool: &PgPool) -> Pid {
    let query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'rpc bus: sends'";
    Pid::from_raw(sqlx::query_scalar(query).fetch_one(pool).await.unwrap()).unwrap()
}

/// A process that stands still until this is dropped.
struct Frozen(Pid);

impl Drop for Frozen {
    fn drop(&mut self) {
        // It may have ended meanwhile.
        let _ = kill_process(self.0, Signal::CONT);
    }
}

async fn is_disabled(pool: &PgPool, name: &str) -> bool {
    let query = sqlx::query_scalar("SELECT NOT enabled FROM rpc_auth_users WHERE name = $1");
    query.bind(name).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn what_a_node_took_that_is_killed_before_it_tells_is_gone_on_the_other() {
    let _alone = alone().await;
    let cluster = Cluster::start();
    let pool = PgPoolOptions::new().max_connections(1).connect_with(cluster.options("postgres")).await.unwrap();
    let here = Node::start(&cluster.url("postgres")).await;
    let sender = sender(&pool).await;
    let there = Node::start(&cluster.url("postgres")).await;
    let root = here.root().await;
    let known = Known::make(&[&there], &root, "ann", [false, false]).await;
    // The node makes the change, and waits for it to be told.
    kill_process(sender, Signal::STOP).unwrap();
    let _frozen = Frozen(sender);
    let address = here.address.clone();
    let mut answer = JoinSet::new();
    answer.spawn(async move { try_call(&address, &root, "/v1/admin/users/set-enabled", json!(["ann", false])).await });
    soon("the change", async { while !is_disabled(&pool, "ann").await {} }).await;
    let taken = Taken::now("disabled");
    here.signal(Signal::KILL);
    known.lost(taken).await;
    assert!(
        soon("the end of the call", answer.join_next()).await.unwrap().unwrap().is_err(),
        "the node had told before it was killed"
    );
}
