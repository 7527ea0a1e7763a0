//! Who is let in by a node that was not told by another one: its listening connection stands still, or nobody has announced
//! the change.

use std::sync::Arc;
use std::time::Duration;

use rpc_auth::postgres::PgStore;
use rpc_auth::{AccountStore, ApiTokenStore, Authority};
use rpc_core::Bus;
use rpc_core::storage::postgres::PgBus;
use sqlx::{AssertSqlSafe, PgPool};
use test_postgres::{Cluster, Stopped};
use test_waits::until_async;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::{migrate, migrated};
use crate::authenticator::Node;

/// Holds a node to it that nobody who asks a second after a change, or later, is let in. However busy the machine is: what a
/// node trusts has an age, and no call may end before it has begun.
async fn lets_nobody_in(node: &Node, what: &str) {
    let changed = Instant::now();
    loop {
        // What is answered from memory waits for nothing: the bus would get no turn, and its node trust nothing for that alone.
        tokio::task::yield_now().await;
        let asked = Instant::now();
        if !node.lets_in().await {
            break;
        }
        assert!(asked - changed < Duration::from_secs(1), "let in {:?} after: {what}", asked - changed);
    }
}

#[test_waits::test]
async fn a_half_dead_node_lets_nobody_in_a_second_after_the_change() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let pool = PgPool::connect_with(cluster.options("postgres")).await.unwrap();
    migrate(&pool).await;
    let (store, tasks) = (Arc::new(PgStore::new(pool)), TaskTracker::new());
    let bus = Arc::new(PgBus::start(cluster.options("postgres"), &tasks));
    until_async("current", async || bus.is_current() && bus.counters().connections == 1).await;
    let backend = cluster.backends("rpc bus: listens").await[0];
    let node = Node::on(Arc::clone(&store) as Arc<dyn AccountStore>, Arc::clone(&bus) as Arc<dyn Bus>).await;
    assert!(node.lets_in().await);
    let _stands_still = Stopped::process(backend);
    // As another node does it. This one hears nothing of it.
    store.set_api_token_enabled(node.user, node.id, false, &Authority::Application).await.unwrap().unwrap();
    lets_nobody_in(&node, "a token was disabled").await;
    until_async("current again", async || bus.is_current()).await;
    assert!(!node.lets_in().await);
}

#[test_waits::test]
async fn a_change_that_nobody_announced_lets_nobody_in_a_second_after_it() {
    for statement in [
        "UPDATE rpc_auth_users SET enabled = false",
        "UPDATE rpc_auth_api_tokens SET enabled = false",
        "DELETE FROM rpc_auth_api_tokens",
        "DELETE FROM rpc_auth_users",
        "TRUNCATE rpc_auth_api_tokens",
    ] {
        let (database, tasks) = (migrated().await, TaskTracker::new());
        let pool = database.pool(2).await;
        let bus = Arc::new(PgBus::start(database.options(), &tasks));
        let store = Arc::new(PgStore::new(pool.clone()));
        let node = Node::on(store, Arc::clone(&bus) as Arc<dyn Bus>).await;
        until_async("current", async || bus.is_current()).await;
        assert!(node.lets_in().await);
        sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.unwrap();
        lets_nobody_in(&node, statement).await;
    }
}
