//! Notices between nodes, over a table of Postgres, with NOTIFY as a bell.

mod bells;
mod counters;
mod heartbeat;
mod listener;
mod message;
mod outgoing;
mod reader;
mod sender;
mod snapshot;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use self::bells::Bells;
use self::counters::Counts;
pub use self::counters::PgBusCounters;
use self::heartbeat::Heartbeat;
use self::outgoing::{NoticeError, OutgoingNotice};
use self::sender::Sender;
use crate::bus::{Bus, BusError, Listener, LocalBus, Notice};

/// Notices that may wait to be sent. More at once are not sent at all, and other nodes are told that they missed something.
const QUEUE: usize = 10_000;

/// The channel of bells. Nodes on one database are one application.
const CHANNEL: &str = "rpc_bus";

/// The table that says which migrations a database has.
const MIGRATIONS_TABLE: &str = "_rpc_bus_migrations";

/// Each with its version and purpose. What was released is never changed: databases remember its checksum.
const MIGRATIONS: [(i64, &str, &str); 1] = [(1, "notices", include_str!("../../../migrations/0001_notices.sql"))];

/// A [`Bus`] between the nodes on one Postgres database: a table of notices, and `NOTIFY` as a bell.
///
/// It has two connections of its own, outside of any pool, so that a pool that is used up neither holds notices up nor makes
/// caches untrusted. One writes notices to a table of [`migrator`](Self::migrator), whatever was announced meanwhile in one
/// statement, rings, and reads those of others. The other one listens for the bells of others, so that their notices are read
/// within milliseconds; it has to reach the server itself or a pooler that gives it a session, and where it
/// does not, notices are heard within 300 ms. A notice has 16 MiB and is nested 127 levels deep at most. It is removed after a
/// minute.
///
/// # Whom it believes
///
/// Whoever may write the table: its owner, which is the application. Any role that may connect to the database can notify and
/// listen: it learns when something is announced, and nothing of what, and it can make nodes read, twenty times a second at most.
/// Such bells are [counted](PgBusCounters::forged) and told once a second.
///
/// # Whether it hears
///
/// It reads every 300 ms, whether or not somebody rang. A read that comes to its end has told all that was committed before it
/// began, so the node [is current](Bus::is_current) for one second from then. When a read fails, another connection is opened.
/// [`Notice::Missed`] is told then, again when it reads anew, and about once a second while it cannot.
///
/// When an announcement fails, and when a node starts (the one before it may have died between a change and its announcement),
/// it owes the others a `Missed`, and sends it as soon as it can. What is announced in the transaction that it is about needs
/// neither: triggers call the function `rpc_bus_announce(number, content)`, which writes a notice under a name that is no node's.
/// The content is a [`Notice`] in JSON; of several with one number in one transaction the first counts.
///
/// # Starting and stopping
///
/// [`start`](Self::start) returns at once, whether the database answers or not; the node is current when it is heard.
/// [`stop`](Self::stop), or dropping the bus, ends its tasks: what waits is still sent. Stop it after the calls, which announce,
/// and before waiting for the tracker.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use rpc_core::Bus;
/// use rpc_core::storage::postgres::PgBus;
/// use tokio_util::task::TaskTracker;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let tasks = TaskTracker::new();
/// let bus = Arc::new(PgBus::start("postgres://localhost/app".parse()?, &tasks));
/// let shared: Arc<dyn Bus> = bus.clone(); // for AccountParts, Api::builder().bus(…)
/// // … serve …
/// bus.stop();
/// tasks.close();
/// tasks.wait().await;
/// # drop(shared);
/// # Ok(())
/// # }
/// ```
pub struct PgBus {
    _ended: DropGuard,
    shared: Arc<Shared>,
    queue: mpsc::Sender<OutgoingNotice>,
}

/// What the tasks of a bus and its handle share.
struct Shared {
    /// A random name, by which a node knows its own notices when they come back.
    node: Box<str>,
    local: LocalBus,
    heartbeat: Heartbeat,
    counts: Counts,
    /// Other nodes may have missed something of this one's, and are to be told.
    is_owed: AtomicBool,
    bells: Bells,
    stopped: CancellationToken,
}

impl Shared {
    /// Tells the listeners of this node that it may have missed something.
    fn miss(&self) {
        self.counts.missed();
        self.local.tell(&Notice::Missed);
    }

    fn owe(&self) {
        self.is_owed.store(true, Ordering::SeqCst);
    }
}

impl PgBus {
    /// Makes the tables of all buses, or brings them up to date: before those of crates whose triggers announce. It remembers
    /// what it did in a table of its own, `_rpc_bus_migrations`.
    #[must_use]
    pub fn migrator() -> Migrator {
        crate::storage::migrator(MIGRATIONS_TABLE, &MIGRATIONS)
    }

    /// Starts a node: two tasks on `tasks`, each with a connection to the database.
    #[must_use]
    pub fn start(options: PgConnectOptions, tasks: &TaskTracker) -> Self {
        let stopped = CancellationToken::new();
        let shared = Arc::new(Shared {
            node: format!("{:016x}", RandomState::new().hash_one("nodes")).into(),
            local: LocalBus::default(),
            heartbeat: Heartbeat::default(),
            counts: Counts::default(),
            is_owed: AtomicBool::new(true),
            bells: Bells::default(),
            stopped: stopped.clone(),
        });
        let (queue, outgoing) = mpsc::channel(QUEUE);
        let bells = options.clone().application_name("rpc bus: listens");
        tasks.spawn(listener::run(Arc::clone(&shared), bells));
        let notices = options.application_name("rpc bus: sends");
        tasks.spawn(Sender::new(Arc::clone(&shared), notices, outgoing).run());
        Self { _ended: stopped.drop_guard(), shared, queue }
    }

    /// Stops: nothing more is heard, what waits is still sent, then the tasks end. This node's own listeners go on being told
    /// what it announces.
    pub fn stop(&self) {
        self.shared.stopped.cancel();
    }

    /// The counters since the start.
    #[must_use]
    pub fn counters(&self) -> PgBusCounters {
        self.shared.counts.read(self.shared.heartbeat.age())
    }

    fn hand_over(&self, notice: &Notice) -> Result<oneshot::Receiver<Result<(), NoticeError>>, NoticeError> {
        let content = message::encode(notice)?;
        let (reply, answer) = oneshot::channel();
        match self.queue.try_send(OutgoingNotice { content, reply }) {
            Ok(()) => Ok(answer),
            Err(mpsc::error::TrySendError::Full(_)) => Err(NoticeError::Full),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(NoticeError::Stopped),
        }
    }
}

impl fmt::Debug for PgBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { node, .. } = &*self.shared;
        f.debug_struct("PgBus").field("node", node).field("is_current", &self.is_current()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Bus for PgBus {
    async fn announce(&self, notice: Notice) -> Result<(), BusError> {
        self.shared.local.tell(&notice);
        // The sender bounds every wait, and answers all that is in its queue.
        let sent = match self.hand_over(&notice) {
            Ok(answer) => answer.await.unwrap_or(Err(NoticeError::Stopped)),
            Err(error) => {
                self.shared.counts.unsent(1);
                self.shared.owe();
                Err(error)
            }
        };
        sent.map_err(|error| BusError(Box::new(error)))
    }

    fn listen(&self, listener: Weak<dyn Listener>) {
        self.shared.local.listen(listener);
    }

    fn is_current(&self) -> bool {
        self.shared.heartbeat.is_current()
    }
}
