//! Clocks of nodes that are apart, and that jump.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use app_template::mail::QueueOptions;
use app_template::settings::SecretBox;
use app_template::storage::postgres::PgSettings;
use app_template::{App, AppOptions, AppParts};
use rpc_auth::postgres::PgStore;
use rpc_auth::{HasherOptions, Secret, TokenFormat};
use rpc_core::storage::postgres::PgBus;
use rpc_core::{Api, Bus, Clock, SystemClock, TestClient};
use serde_json::json;
use sqlx::PgPool;
use test_postgres::TestDatabase;
use tokio_util::task::TaskTracker;

use super::node::{PASSWORD, PROFILE};
use crate::process::soon;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A clock of a wall that somebody sets. Time passes as it does.
#[derive(Debug, Default)]
struct WallClock {
    steady: SystemClock,
    seconds: AtomicU64,
}

impl WallClock {
    fn set(&self, time: Duration) {
        self.seconds.store(time.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for WallClock {
    fn now(&self) -> Duration {
        Duration::from_secs(self.seconds.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        self.steady.elapsed()
    }
}

/// An application with a clock of its own.
struct Node {
    app: App,
    api: Api,
    bus: Arc<PgBus>,
    clock: Arc<WallClock>,
}

impl Node {
    async fn start(database: &TestDatabase, pool: &PgPool, tasks: &TaskTracker, time: Duration) -> Self {
        let bus = Arc::new(PgBus::start(database.options(), tasks));
        let clock = Arc::new(WallClock::default());
        clock.set(time);
        let parts = AppParts {
            accounts: Arc::new(PgStore::new(pool.clone())),
            settings: Arc::new(PgSettings::new(pool.clone(), SecretBox::without_key())),
            bus: Arc::clone(&bus) as _,
            clock: Arc::clone(&clock) as _,
            ..AppParts::in_memory().unwrap()
        };
        let mut options = AppOptions::new("Acme", TokenFormat::new("app").unwrap());
        options.accounts.hasher = HasherOptions { memory_kib: 8, passes: 1, ..HasherOptions::default() };
        options.mail_queue = QueueOptions { senders: 1, ..QueueOptions::default() };
        let app = App::new(parts, options).await.unwrap();
        let api = app.api().unwrap();
        let node = Self { app, api, bus, clock };
        node.hears().await;
        node
    }

    /// Waits until it trusts what it knows.
    async fn hears(&self) {
        let current = async {
            while !self.bus.is_current() {
                tokio::task::yield_now().await;
            }
        };
        soon("a heartbeat", current).await;
    }

    fn as_known(&self, token: &str) -> TestClient {
        TestClient::new(self.api.clone()).token(token)
    }

    async fn profile(&self, token: &str) -> u16 {
        self.as_known(token).call(PROFILE, json!([])).await.status
    }

    async fn sign_in(&self, name: &str) -> String {
        let credentials = json!([{"username": name, "password": PASSWORD}]);
        let reply = TestClient::new(self.api.clone()).call("/v1/session/signin", credentials).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.data["token"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn sessions_neither_vanish_nor_come_back_when_clocks_jump() {
    let database = TestDatabase::empty().await;
    let pool = database.pool(4).await;
    for tables in app_template::storage::postgres::tables() {
        (tables.migrator)().run(&pool).await.unwrap();
    }
    let (tasks, start) = (TaskTracker::new(), 20_000 * DAY.as_secs());
    let start = Duration::from_secs(start);
    let right = Node::start(&database, &pool, &tasks, start).await;
    let fast = Node::start(&database, &pool, &tasks, start + HOUR).await;
    right.app.accounts().ensure_root(Some(&Secret::new(PASSWORD.to_owned()))).await.unwrap();
    let root = right.sign_in("root").await;
    let create = json!([{"username": "ann", "password": PASSWORD}]);
    assert_eq!(right.as_known(&root).call("/v1/admin/users/create", create).await.status, 200);

    // Made on either node, good on both, wherever their clocks jump within the life of a session.
    let (early, late) = (right.sign_in("ann").await, fast.sign_in("ann").await);
    for time in [start + HOUR, start - HOUR, start + 20 * DAY, start - 20 * DAY, start] {
        fast.clock.set(time);
        for (node, name) in [(&right, "right"), (&fast, "fast")] {
            assert!(node.bus.is_current(), "what a node trusts does not depend on the time of day");
            for token in [&early, &late, &root] {
                assert_eq!(node.profile(token).await, 200, "{name}, {time:?}");
            }
        }
        for node in [&right, &fast] {
            node.app.accounts().write_uses().await.unwrap();
            node.app.accounts().purge().await.unwrap();
        }
    }

    // What was ended stays so, whatever time it is.
    let disable = json!(["ann", false]);
    assert_eq!(right.as_known(&root).call("/v1/admin/users/set-enabled", disable).await.status, 200);
    soon("the end of a session", async { while fast.profile(&late).await != 401 {} }).await;
    let enable = json!(["ann", true]);
    assert_eq!(right.as_known(&root).call("/v1/admin/users/set-enabled", enable).await.status, 200);
    for time in [start - 20 * DAY, start, start + HOUR] {
        fast.clock.set(time);
        for node in [&right, &fast] {
            node.hears().await;
            for token in [&early, &late] {
                assert_eq!(node.profile(token).await, 401, "{time:?}");
            }
        }
    }
}
