//! A node that dies while it migrates.

use rustix::process::Signal;
use serde_json::json;
use sqlx::{Connection, Executor};
use test_postgres::TestDatabase;

use super::node::{Node, PROFILE, node_command};
use crate::process::{Running, command, run, soon};

#[tokio::test]
async fn a_node_that_is_killed_while_it_migrates_leaves_nothing_half_done() {
    let database = TestDatabase::empty().await;
    let pool = database.pool(2).await;
    let mut holder = pool.acquire().await.unwrap();
    let mut held = holder.begin().await.unwrap();
    // Whoever makes the table of that name waits for what becomes of this one: in the middle of the first migration.
    held.execute("CREATE TABLE rpc_auth_confirmations ()").await.unwrap();
    let mut first = Running::start(&mut node_command(database.url()));
    first.event("migrate.step").await;
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity \
                 WHERE datname = current_database() AND wait_event = 'transactionid')";
    let waits = async { while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&pool).await.unwrap() {} };
    soon("a migration that waits", waits).await;
    first.signal(Signal::KILL);
    first.ended().await;

    // The server notices that the node is gone when the statement ends; the lock is held until then.
    let mut second = Running::start(&mut node_command(database.url()));
    second.event("migrate.locked").await;
    second.read_on();
    held.rollback().await.unwrap();
    let third = Node::start(database.url()).await;
    let root = third.root().await;
    third.ok(&root, PROFILE, json!([])).await;
    let status = run(command("app-template", &["migrate", "status"]).env("APP_DATABASE_URL", database.url())).await;
    assert_eq!(status.code, Some(0), "{status:?}");
    assert!(status.stdout.lines().all(|line| line.ends_with(" done, 0 pending")), "{status:?}");
    second.signal(Signal::TERM);
    assert_eq!(second.ended().await.code, Some(0));
}
