//! What is taken from somebody on one node is gone on the other one, whatever happens to what tells it.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use test_postgres::{Cluster, TestDatabase};
use tokio::time::Instant;

use super::node::{Node, OTHER_PASSWORD, PROFILE, PROMPT, Person};
use crate::process::soon;

/// A change that takes something from somebody.
struct Change {
    name: &'static str,
    path: &'static str,
    params: fn(&Person) -> Value,
    /// Whether they make it themselves, in their session; else root does.
    by_oneself: bool,
    /// Whether the session and the API token are good afterwards.
    left: [bool; 2],
}

const CHANGES: [Change; 6] = [
    Change {
        name: "signed-out",
        path: "/v1/session/signout",
        params: |_| json!([]),
        by_oneself: true,
        left: [false, true],
    },
    Change {
        name: "disabled",
        path: "/v1/admin/users/set-enabled",
        params: |person| json!([person.name, false]),
        by_oneself: false,
        left: [false, false],
    },
    Change {
        name: "deleted",
        path: "/v1/admin/users/delete",
        params: |person| json!([person.name]),
        by_oneself: false,
        left: [false, false],
    },
    Change {
        name: "revoked",
        path: "/v1/api-tokens/delete",
        params: |person| json!([person.token_id]),
        by_oneself: true,
        left: [true, false],
    },
    Change {
        name: "switched-off",
        path: "/v1/api-tokens/set-enabled",
        params: |person| json!([person.token_id, false]),
        by_oneself: true,
        left: [true, false],
    },
    Change {
        name: "given-a-password",
        path: "/v1/admin/users/set-password",
        params: |person| json!([person.name, OTHER_PASSWORD]),
        by_oneself: false,
        left: [false, true],
    },
];

/// Makes every change on the first node, each right after `fault`, and holds the second one to it.
async fn all_hold(url: &str, mut fault: impl AsyncFnMut()) {
    let [here, there] = Node::two(url).await;
    let root = here.root().await;
    for change in &CHANGES {
        let person = Person::make(&here, &root, change.name).await;
        let credentials = [&person.session, &person.token];
        let mut sockets = Vec::new();
        for (credential, left) in credentials.into_iter().zip(change.left) {
            // Both nodes know it from now on.
            here.ok(credential, PROFILE, json!([])).await;
            there.ok(credential, PROFILE, json!([])).await;
            sockets.push((here.socket(credential).await, left));
            sockets.push((there.socket(credential).await, left));
        }
        fault().await;
        let by = if change.by_oneself { &person.session } else { &root };
        here.ok(by, change.path, (change.params)(&person)).await;
        let changed = Instant::now();
        for (credential, left) in credentials.into_iter().zip(change.left) {
            let expected = if left { 200 } else { 401 };
            assert_eq!(here.status(credential, PROFILE, json!([])).await, expected, "{}, at once", change.name);
            there.until(expected, credential, PROFILE, json!([])).await;
        }
        for (mut socket, left) in sockets {
            if left {
                assert_eq!(socket.call(PROFILE, json!([])).await["result"]["data"]["name"], change.name);
            } else {
                assert_eq!(socket.closed().await, Some(4000), "{}", change.name);
            }
        }
        assert!(changed.elapsed() < PROMPT, "{}: {:?}", change.name, changed.elapsed());
    }
}

/// Takes a permission from somebody on the first node right after `fault`. Their sockets stay.
async fn a_permission_is_gone(url: &str, fault: impl AsyncFnOnce()) {
    const ADMIN_ONLY: &str = "/v1/admin/users/suggest";
    let [here, there] = Node::two(url).await;
    let root = here.root().await;
    let person = Person::make(&here, &root, "ann").await;
    let mut socket = there.socket(&person.session).await;
    for credential in [&person.session, &person.token] {
        there.ok(credential, ADMIN_ONLY, json!([])).await;
    }
    assert_eq!(socket.call(ADMIN_ONLY, json!([])).await.get("error"), None);
    fault().await;
    here.ok(&root, "/v1/admin/users/set-permissions", json!(["ann", {"admin": false}])).await;
    let changed = Instant::now();
    for credential in [&person.session, &person.token] {
        assert_eq!(here.status(credential, ADMIN_ONLY, json!([])).await, 403);
        there.until(403, credential, ADMIN_ONLY, json!([])).await;
    }
    let refused = async { while socket.call(ADMIN_ONLY, json!([])).await.get("error").is_none() {} };
    soon("a refusal on the socket", refused).await;
    assert!(changed.elapsed() < PROMPT, "{:?}", changed.elapsed());
    assert_eq!(socket.call(PROFILE, json!([])).await["result"]["data"]["permissions"], json!({}));
}

/// The processes of the server in which both nodes listen, once they do, but for some.
async fn listeners(pool: &PgPool, but: &[Pid]) -> Vec<Pid> {
    let query = "SELECT pid FROM pg_stat_activity \
                 WHERE application_name = 'rpc-auth bus: listens' AND datname = current_database()";
    let both = async {
        loop {
            let pids: Vec<i32> = sqlx::query_scalar(query).fetch_all(pool).await.unwrap();
            let pids: Vec<Pid> = pids.into_iter().filter_map(Pid::from_raw).filter(|pid| !but.contains(pid)).collect();
            if pids.len() == 2 {
                return pids;
            }
        }
    };
    soon("two nodes that listen", both).await
}

async fn terminate_listeners(pool: &PgPool) {
    for pid in listeners(pool, &[]).await {
        let terminated = sqlx::query("SELECT pg_terminate_backend($1)").bind(pid.as_raw_nonzero().get());
        terminated.execute(pool).await.unwrap();
    }
}

/// Processes that stand still until this is dropped.
#[derive(Default)]
struct Frozen(Vec<Pid>);

impl Frozen {
    async fn freeze_listeners(&mut self, pool: &PgPool) {
        for pid in listeners(pool, &self.0).await {
            kill_process(pid, Signal::STOP).unwrap();
            self.0.push(pid);
        }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in &self.0 {
            // It may have ended meanwhile.
            let _ = kill_process(*pid, Signal::CONT);
        }
    }
}

#[tokio::test]
async fn what_is_taken_on_one_node_is_gone_on_the_other() {
    let database = TestDatabase::empty().await;
    all_hold(database.url(), async || {}).await;
}

#[tokio::test]
async fn what_is_taken_is_gone_also_when_nodes_lose_what_they_listen_with() {
    let database = TestDatabase::empty().await;
    let pool = database.pool(1).await;
    all_hold(database.url(), async || terminate_listeners(&pool).await).await;
    a_permission_is_gone(database.url(), async || terminate_listeners(&pool).await).await;
}

#[tokio::test]
async fn what_is_taken_is_gone_also_when_what_nodes_listen_with_stands_still() {
    let cluster = Cluster::start();
    let pool = PgPoolOptions::new().max_connections(1).connect_with(cluster.options("postgres")).await.unwrap();
    let mut frozen = Frozen::default();
    all_hold(&cluster.url("postgres"), async || frozen.freeze_listeners(&pool).await).await;
}

#[tokio::test]
async fn a_permission_that_is_taken_on_one_node_is_gone_on_the_other_and_sockets_stay() {
    let database = TestDatabase::empty().await;
    a_permission_is_gone(database.url(), async || {}).await;
}
