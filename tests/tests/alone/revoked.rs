//! What is taken from somebody on one node is gone on the other one, whatever happens to what tells it.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use test_postgres::{Cluster, TestDatabase};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::alone;
use crate::known::{Known, Taken, profile};
use crate::node::{Node, OTHER_PASSWORD, PROFILE, Person};
use crate::process::soon;

/// A change that takes something from somebody.
struct Change {
    name: &'static str,
    path: &'static str,
    params: fn(&str, &Person) -> Value,
    /// Whether they make it themselves, in their session; else root does.
    by_oneself: bool,
    /// Whether the session and the API token are good afterwards.
    left: [bool; 2],
}

const CHANGES: [Change; 6] = [
    Change {
        name: "signed-out",
        path: "/v1/session/signout",
        params: |_, _| json!([]),
        by_oneself: true,
        left: [false, true],
    },
    Change {
        name: "disabled",
        path: "/v1/admin/users/set-enabled",
        params: |name, _| json!([name, false]),
        by_oneself: false,
        left: [false, false],
    },
    Change {
        name: "deleted",
        path: "/v1/admin/users/delete",
        params: |name, _| json!([name]),
        by_oneself: false,
        left: [false, false],
    },
    Change {
        name: "revoked",
        path: "/v1/api-tokens/delete",
        params: |_, person| json!([person.token_id]),
        by_oneself: true,
        left: [true, false],
    },
    Change {
        name: "switched-off",
        path: "/v1/api-tokens/set-enabled",
        params: |_, person| json!([person.token_id, false]),
        by_oneself: true,
        left: [true, false],
    },
    Change {
        name: "given-a-password",
        path: "/v1/admin/users/set-password",
        params: |name, _| json!([name, OTHER_PASSWORD]),
        by_oneself: false,
        left: [false, true],
    },
];

/// Makes every change on the first node, each right after `fault`, and holds both to it.
async fn all_hold(url: &str, mut fault: impl AsyncFnMut()) {
    let [here, there] = Node::two(url).await;
    let root = here.root().await;
    for change in &CHANGES {
        let known = Known::make(&[&here, &there], &root, change.name, change.left).await;
        fault().await;
        let by = if change.by_oneself { &known.person.session } else { &root };
        here.ok(by, change.path, (change.params)(change.name, &known.person)).await;
        let taken = Taken::now(change.name);
        for (credential, expected) in known.credentials() {
            assert_eq!(here.status(credential, PROFILE, json!([])).await, expected, "{}, at once", change.name);
        }
        known.lost(taken).await;
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
    let taken = Taken::now("a permission");
    for credential in [&person.session, &person.token] {
        assert_eq!(here.status(credential, ADMIN_ONLY, json!([])).await, 403, "at once");
        taken.is_seen_by(&there, credential, ADMIN_ONLY, 403).await;
    }
    loop {
        let asked = Instant::now();
        if socket.call(ADMIN_ONLY, json!([])).await.get("error").is_some() {
            break;
        }
        taken.in_time(asked, "a call on the socket began");
    }
    assert_eq!(profile(&mut socket).await["permissions"], json!({}));
}

/// The processes of the server in which both nodes listen, once they do, but for some.
async fn listeners(pool: &PgPool, but: &[Pid]) -> Vec<Pid> {
    let query = "SELECT pid FROM pg_stat_activity \
                 WHERE application_name = 'rpc bus: listens' AND datname = current_database()";
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
    let _alone = alone().await;
    let database = TestDatabase::empty().await;
    all_hold(database.url(), async || {}).await;
}

#[tokio::test]
async fn what_is_taken_is_gone_also_when_nodes_lose_what_they_listen_with() {
    let _alone = alone().await;
    let database = TestDatabase::empty().await;
    let pool = database.pool(1).await;
    all_hold(database.url(), async || terminate_listeners(&pool).await).await;
    a_permission_is_gone(database.url(), async || terminate_listeners(&pool).await).await;
}

#[tokio::test]
async fn what_is_taken_is_gone_also_when_what_nodes_listen_with_stands_still() {
    let _alone = alone().await;
    let cluster = Cluster::start();
    let pool = PgPoolOptions::new().max_connections(1).connect_with(cluster.options("postgres")).await.unwrap();
    let mut frozen = Frozen::default();
    all_hold(&cluster.url("postgres"), async || frozen.freeze_listeners(&pool).await).await;
}

#[tokio::test]
async fn a_permission_that_is_taken_on_one_node_is_gone_on_the_other_and_sockets_stay() {
    let _alone = alone().await;
    let database = TestDatabase::empty().await;
    a_permission_is_gone(database.url(), async || {}).await;
}

/// Notifies the channel of the nodes without end, as a role that may connect to the database and nothing else.
async fn flood(cluster: &Cluster) -> JoinSet<()> {
    let superuser = PgPoolOptions::new().max_connections(1).connect_with(cluster.options("postgres")).await.unwrap();
    sqlx::query("CREATE ROLE stranger LOGIN").execute(&superuser).await.unwrap();
    let stranger = cluster.options("postgres").username("stranger");
    let stranger = PgPoolOptions::new().max_connections(1).connect_with(stranger).await.unwrap();
    let mut flood = JoinSet::new();
    flood.spawn(async move {
        let bells = "SELECT pg_notify('rpc_bus', 'ffff.' || (10000000000 + i)) FROM generate_series(1, 500) AS i";
        loop {
            sqlx::query(bells).execute(&stranger).await.unwrap();
        }
    });
    flood
}

#[tokio::test]
async fn what_is_taken_is_gone_also_while_a_stranger_floods_the_channel_of_the_nodes() {
    let _alone = alone().await;
    let cluster = Cluster::start();
    let mut flood = flood(&cluster).await;
    all_hold(&cluster.url("postgres"), async || {}).await;
    assert!(flood.try_join_next().is_none(), "the flood went on");
}
