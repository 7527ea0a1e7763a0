//! A server of its own, two nodes on it, and hands on its processes.

use std::sync::{Arc, Weak};
use std::time::Duration;

use rpc_core::storage::postgres::PgBus;
use rpc_core::{Bus, Listener, Notice};
use rustix::process::Pid;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use test_postgres::Cluster;
use test_waits::within;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::task::TaskTracker;

/// How long something may take before it counts as never.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const LISTENS: &str = "rpc bus: listens";
pub(crate) const SENDS: &str = "rpc bus: sends";

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    within(PATIENCE, what, wait).await;
}

/// A server, and the tasks of the nodes on it.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) tasks: TaskTracker,
}

impl World {
    pub(crate) async fn new() -> Self {
        let world =
            Self { cluster: tokio::task::spawn_blocking(Cluster::start).await.unwrap(), tasks: TaskTracker::new() };
        PgBus::migrator().run(&world.pool()).await.unwrap();
        world
    }

    pub(crate) fn pool(&self) -> PgPool {
        let options = self.cluster.options("postgres");
        PgPoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(2)).connect_lazy_with(options)
    }

    pub(crate) fn start(&self) -> Heard {
        Heard::by(PgBus::start(self.cluster.options("postgres"), &self.tasks))
    }

    /// A node that hears.
    pub(crate) async fn node(&self) -> Heard {
        let mut node = self.start();
        node.is_current_soon().await;
        node.missed();
        node
    }

    /// The processes of the server that serve a connection of the bus, oldest first.
    pub(crate) async fn backends(&self, name: &str) -> Vec<Pid> {
        self.cluster.backends(name).await
    }

    /// Ends a connection, as an operator does.
    pub(crate) async fn terminate(&self, backend: Pid) {
        let terminated = sqlx::query("SELECT pg_terminate_backend($1)").bind(backend.as_raw_nonzero().get());
        terminated.execute(&self.pool()).await.unwrap();
    }

    /// Connections of a role that may connect to the database and nothing else.
    pub(crate) async fn stranger(&self) -> PgPool {
        sqlx::query("CREATE ROLE stranger LOGIN").execute(&self.pool()).await.unwrap();
        let options = self.cluster.options("postgres").username("stranger");
        PgPoolOptions::new().max_connections(4).acquire_timeout(PATIENCE).connect_lazy_with(options)
    }
}

/// A node, and what it was told, each time with whether it was current then.
pub(crate) struct Heard {
    pub(crate) bus: Arc<PgBus>,
    told: UnboundedReceiver<(Notice, bool)>,
    _recorder: Arc<Recorder>,
}

struct Recorder {
    bus: Weak<PgBus>,
    told: UnboundedSender<(Notice, bool)>,
}

impl Listener for Recorder {
    fn hear(&self, notice: &Notice) {
        let is_current = self.bus.upgrade().is_some_and(|bus| bus.is_current());
        // Nobody reads what a node that is gone was told.
        let _ = self.told.send((notice.clone(), is_current));
    }
}

impl Heard {
    fn by(bus: PgBus) -> Self {
        let (bus, (sender, told)) = (Arc::new(bus), unbounded_channel());
        let recorder = Arc::new(Recorder { bus: Arc::downgrade(&bus), told: sender });
        let weak = Arc::downgrade(&recorder);
        bus.listen(weak);
        Self { bus, told, _recorder: recorder }
    }

    pub(crate) async fn is_current_soon(&self) {
        until("current", async || self.bus.is_current()).await;
    }

    /// The next thing that it is told.
    pub(crate) async fn hears(&mut self) -> (Notice, bool) {
        within(PATIENCE, "a notice", self.told.recv()).await.unwrap()
    }

    /// Whether each `Missed` that it was told until now came while it was current. Nothing else may have come.
    pub(crate) fn missed(&mut self) -> Vec<bool> {
        let told = std::iter::from_fn(|| self.told.try_recv().ok());
        told.inspect(|(notice, _)| assert_eq!(*notice, Notice::Missed)).map(|(_, is_current)| is_current).collect()
    }

    /// Announces until it can, and waits until the other node has heard.
    pub(crate) async fn reaches(&self, other: &mut Self, id: &str) {
        let notice = || Notice::User(id.into());
        until("announced", async || self.bus.announce(notice()).await.is_ok()).await;
        while other.hears().await.0 != notice() {}
    }
}
