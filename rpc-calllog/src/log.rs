//! The log: takes records of calls, writes them, and answers questions about them.

mod counters;
mod drops;
mod queue;
mod read;
mod record;
mod shares;
mod tell;
mod writer;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use rpc_core::{CallRecord, Clock, Observer, Timestamp};
use tokio::sync::{Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use self::counters::Counters;
use self::queue::{ByStanding, Queue};
use self::record::Record;
use crate::store::{CallLogStore, Retention, StoreError};

pub use self::counters::CallLogCounters;

/// How often what is too old is removed.
const PURGE: Duration = Duration::from_hours(1);
/// Minutes are kept longer than they are asked for: for nodes whose clocks differ.
const KEPT_MINUTES: Duration = Duration::from_hours(2);
/// How long a reader waits for the calls before it to be written.
const FLUSH: Duration = Duration::from_secs(1);

/// How a [`CallLog`] works.
#[derive(Debug, Clone)]
pub struct CallLogOptions {
    /// Records that wait at most, shared out between callers; what has no room is dropped and counted. 32,768 by default.
    pub queue_records: usize,
    /// Bytes of records that wait at most, likewise. 8 MiB by default.
    pub queue_bytes: usize,
    /// Records of a batch at most. 4,000 by default.
    pub batch: usize,
    /// How long the first record of a batch waits for others. 250 ms by default.
    pub interval: Duration,
    /// How long one attempt to write may take. 10 seconds by default.
    pub attempt: Duration,
    /// The wait after an attempt that failed; it doubles with each further one. 100 ms by default.
    pub first_wait: Duration,
    /// The longest wait. 5 seconds by default.
    pub longest_wait: Duration,
    /// How long calls and statistics are kept. 30 days by default.
    pub kept: Duration,
}

impl Default for CallLogOptions {
    fn default() -> Self {
        Self {
            queue_records: 32_768,
            queue_bytes: 8 * 1024 * 1024,
            batch: 4000,
            interval: Duration::from_millis(250),
            attempt: Duration::from_secs(10),
            first_wait: Duration::from_millis(100),
            longest_wait: Duration::from_secs(5),
            kept: read::HISTORY,
        }
    }
}

/// The log of an API's calls: an observer of them, and what can be asked about them. Clones are one log.
///
/// A call is logged when it ends, however it ends; those of methods with `log = false` are not. It never waits for the log, and
/// never fails by it: when more records wait than allowed, further ones are dropped, counted in [`drops`](Self::drops), and told
/// in the log. Nobody pushes others out: the room is shared out between guests, users and those whose call needed a permission
/// that they hold, and in each of these between callers. The last ones are written first. What is dropped is in no statistics,
/// which are sums of the rows. When the last clone goes, what waits is written.
#[derive(Clone)]
pub struct CallLog {
    shared: Arc<Shared>,
    _end: Arc<DropGuard>,
}

struct Shared {
    store: Arc<dyn CallLogStore>,
    clock: Arc<dyn Clock>,
    options: CallLogOptions,
    queue: Queue,
    counters: Counters,
    /// There is a record where none was.
    first: Notify,
    /// What waits is to be written now.
    now: Notify,
    /// A record was dropped.
    dropped: Notify,
    /// Records that are no longer on their way.
    settled: watch::Sender<ByStanding<u64>>,
    /// When the batch that is being written was taken; 0: there is none.
    taken: AtomicI64,
    /// No more records are taken.
    stopping: CancellationToken,
    /// Nothing more is written.
    cut: CancellationToken,
    tasks: TaskTracker,
}

impl CallLog {
    /// Starts a log that writes to a store.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn start(store: Arc<dyn CallLogStore>, clock: Arc<dyn Clock>, options: CallLogOptions) -> Self {
        let stopping = CancellationToken::new();
        let shared = Arc::new(Shared {
            store,
            clock,
            queue: Queue::new(options.queue_records, options.queue_bytes),
            counters: Counters::default(),
            first: Notify::new(),
            now: Notify::new(),
            dropped: Notify::new(),
            settled: watch::Sender::new(ByStanding::default()),
            taken: AtomicI64::new(0),
            stopping: stopping.clone(),
            cut: CancellationToken::new(),
            tasks: TaskTracker::new(),
            options,
        });
        shared.tasks.spawn(writer::run(Arc::clone(&shared)));
        shared.tasks.spawn(tell::run(Arc::clone(&shared)));
        Self { shared, _end: Arc::new(stopping.drop_guard()) }
    }

    /// Waits until every call that has ended so far is written, at most a second: for whoever reads then.
    pub async fn flush(&self) {
        let taken = self.shared.queue.taken();
        let is_settled =
            |settled: &ByStanding<u64>| settled.iter().zip(taken).all(|(settled, taken)| *settled >= taken);
        let mut settled = self.shared.settled.subscribe();
        if !is_settled(&settled.borrow()) {
            self.shared.now.notify_one();
            let _ = tokio::time::timeout(FLUSH, settled.wait_for(is_settled)).await;
        }
    }

    /// Removes what is too old, at once and then every hour, until `stop`.
    pub async fn maintain(&self, stop: CancellationToken) {
        let purge_hourly = async {
            loop {
                if let Err(error) = self.purge().await {
                    tracing::warn!(event = "calllog.purge", error = %error, "old calls could not be removed");
                }
                tokio::time::sleep(PURGE).await;
            }
        };
        stop.run_until_cancelled(purge_hourly).await;
    }

    /// Removes what is too old.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn purge(&self) -> Result<(), StoreError> {
        let now = self.shared.now();
        let retention = Retention { calls: now.before(self.shared.options.kept), minutes: now.before(KEPT_MINUTES) };
        self.shared.store.purge(&retention).await
    }

    /// The counters of records so far.
    #[must_use]
    pub fn counters(&self) -> CallLogCounters {
        self.shared.counters.snapshot(self.shared.queue.len())
    }

    /// How many calls were not logged so far, by the path of their method: those of at most 1,024 methods by themselves, the rest
    /// as `other`. Methods without any are left out.
    #[must_use]
    pub fn drops(&self) -> Vec<(&'static str, u64)> {
        self.shared.counters.drops.by_method()
    }

    /// Takes no more records, writes those that wait, and returns when none is left or `deadline` has passed. Returns how many
    /// were lost.
    pub async fn stop(&self, deadline: Duration) -> u64 {
        let shared = &self.shared;
        shared.queue.close();
        shared.stopping.cancel();
        shared.tasks.close();
        if tokio::time::timeout(deadline, shared.tasks.wait()).await.is_err() {
            shared.cut.cancel();
            shared.tasks.wait().await;
        }
        let unwritten = std::iter::from_fn(|| shared.queue.pop());
        let cleared = unwritten.inspect(|record| shared.counters.drops.add(record.method())).count();
        let lost = cleared as u64 + shared.counters.take_cut();
        if lost > 0 {
            tracing::error!(event = "calllog.dropped", lost, "{lost} calls were not logged before the stop");
        }
        lost
    }
}

impl Observer for CallLog {
    fn observe(&self, record: &CallRecord<'_>) {
        if record.method.is_logged() {
            self.shared.take(Record::new(record));
        }
    }
}

impl Shared {
    fn now(&self) -> Timestamp {
        self.clock.now().into()
    }

    fn take(&self, record: Record) {
        match self.queue.push(record) {
            // Whoever waits is told twice in the life of a batch, and not by each call.
            Ok(1) => self.first.notify_one(),
            Ok(waiting) if waiting == self.options.batch => self.now.notify_one(),
            Ok(_) => {}
            Err(record) => {
                self.counters.drops.add(record.method());
                self.dropped.notify_one();
                // It may have been counted while another one came, who then was not the first.
                self.first.notify_one();
            }
        }
    }

    /// The moment up to which all calls of this node are in the store.
    fn updated(&self) -> Timestamp {
        match self.taken.load(Ordering::Relaxed) {
            0 => self.now(),
            millis => Timestamp::from_millis(millis),
        }
    }
}

impl fmt::Debug for CallLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallLog").field(&self.counters()).finish()
    }
}
