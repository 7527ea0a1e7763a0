//! Stores that hang, fail, refuse and panic; queues that are full; the end of a process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rpc_calllog::{
    Batch, BucketQuery, CallLogCounters, CallLogOptions, CallLogStore, Counts, LogRow, MemoryLog, MethodBucket,
    Retention, RowQuery, StoreError, WriteError,
};
use rpc_core::Timestamp;
use serde_json::json;
use test_waits::{soon, until_async};
use tokio::sync::Semaphore;

use crate::world::{END, MIDNIGHT, World};

/// What becomes of an attempt to write.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    Fails,
    /// It is written, and nobody hears of it.
    FailsLate,
    Hangs,
    HangsLate,
    Panics,
    /// It goes on when it is let.
    Waits,
}

/// A store with faults, one for each attempt until there are none left.
pub(crate) struct Faulty {
    pub(crate) inner: MemoryLog,
    faults: Mutex<VecDeque<Fault>>,
    /// Attempts that have begun.
    begun: Semaphore,
    /// How many may go on.
    pub(crate) open: Semaphore,
    /// It cannot keep calls with this reason.
    refuses: Option<&'static str>,
}

impl Faulty {
    fn new(faults: &[Fault], refuses: Option<&'static str>) -> Arc<Self> {
        let (faults, begun) = (Mutex::new(faults.iter().copied().collect()), Semaphore::new(0));
        Arc::new(Self { inner: MemoryLog::default(), faults, begun, open: Semaphore::new(0), refuses })
    }

    pub(crate) fn with(faults: &[Fault]) -> Arc<Self> {
        Self::new(faults, None)
    }

    /// Waits for a further attempt.
    pub(crate) async fn has_begun(&self) {
        soon("an attempt to write", self.begun.acquire()).await.unwrap().forget();
    }
}

fn failure() -> WriteError {
    WriteError::Store(StoreError("as asked".into()))
}

#[async_trait]
impl CallLogStore for Faulty {
    async fn write(&self, batch: &Batch) -> Result<(), WriteError> {
        self.begun.add_permits(1);
        if batch.calls().iter().any(|call| Some(&*call.reason) == self.refuses) {
            return Err(WriteError::Refused("as asked".into()));
        }
        let fault = self.faults.lock().unwrap().pop_front();
        match fault {
            None => self.inner.write(batch).await,
            Some(Fault::Fails) => Err(failure()),
            Some(Fault::FailsLate) => self.inner.write(batch).await.and(Err(failure())),
            Some(Fault::Hangs) => std::future::pending().await,
            Some(Fault::HangsLate) => {
                self.inner.write(batch).await?;
                std::future::pending().await
            }
            Some(Fault::Panics) => panic!("as asked"),
            Some(Fault::Waits) => {
                self.open.acquire().await.unwrap().forget();
                self.inner.write(batch).await
            }
        }
    }

    async fn rows(&self, query: &RowQuery<'_>) -> Result<Vec<LogRow>, StoreError> {
        self.inner.rows(query).await
    }

    async fn buckets(&self, query: &BucketQuery<'_>) -> Result<Vec<MethodBucket>, StoreError> {
        self.inner.buckets(query).await
    }

    async fn totals(&self, method: Option<&str>, since: Timestamp) -> Result<Counts, StoreError> {
        self.inner.totals(method, since).await
    }

    async fn purge(&self, retention: &Retention) -> Result<(), StoreError> {
        self.inner.purge(retention).await
    }
}

/// Short waits, so that tests do not take the time that a database is given.
fn impatient() -> CallLogOptions {
    let wait = Duration::from_millis(1);
    CallLogOptions { attempt: Duration::from_millis(30), first_wait: wait, longest_wait: wait, ..Default::default() }
}

/// An attempt of these is never given up.
pub(crate) fn patient() -> CallLogOptions {
    CallLogOptions { attempt: Duration::from_secs(3600), interval: Duration::ZERO, ..Default::default() }
}

async fn assert_stored(store: &MemoryLog, count: u64) {
    let totals = store.totals(Some(END), Timestamp::default()).await.unwrap();
    let query = RowQuery { method: Some(END), since: Timestamp::default(), offset: 0, limit: 100_000 };
    assert_eq!((totals.requests, store.rows(&query).await.unwrap().len() as u64), (count, count));
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_hangs_fails_or_panics_loses_nothing_and_counts_nothing_twice() {
    use Fault::{Fails, FailsLate, Hangs, HangsLate, Panics};
    for faults in [
        &[Fails][..],
        &[FailsLate],
        &[Hangs],
        &[HangsLate],
        &[Panics],
        &[Fails, HangsLate, Hangs, FailsLate, Panics, FailsLate, HangsLate],
    ] {
        let store = Faulty::with(faults);
        let world = World::with(Arc::clone(&store) as _, impatient());
        world.calls(20).await;
        world.written(20).await;
        world.calls(5).await;
        world.written(25).await;
        assert_stored(&store.inner, 25).await;
        let counters = world.log.counters();
        let failures = faults.len() as u64;
        assert_eq!(counters, CallLogCounters { written: 25, failures, ..CallLogCounters::default() }, "{faults:?}");
    }
}

#[test_waits::test]
async fn calls_go_on_while_the_store_hangs_and_those_beyond_the_queue_are_counted() {
    let store = Faulty::with(&[Fault::Hangs]);
    let options = CallLogOptions { queue_records: 100, attempt: Duration::from_millis(500), ..impatient() };
    let world = World::with(Arc::clone(&store) as _, CallLogOptions { interval: Duration::ZERO, ..options });
    world.calls(1).await;
    store.has_begun().await;
    world.calls(150).await;
    let counters = world.log.counters();
    // One caller alone holds half of the five eighths of the room that guests may have.
    assert_eq!((counters.waiting, counters.dropped), (31, 119));
    world.written(32).await;
    assert_stored(&store.inner, 32).await;
    assert_eq!(world.log.counters().dropped, 119);
}

#[test_waits::test]
async fn what_waits_is_bounded_in_bytes_too() {
    let store = Faulty::with(&[Fault::Hangs]);
    let world = World::with(Arc::clone(&store) as _, CallLogOptions { queue_bytes: 160_000, ..patient() });
    world.calls(1).await;
    store.has_begun().await;
    for _ in 0..1000 {
        assert_eq!(world.call(END, json!(["x".repeat(100_000)])).await, 400);
    }
    let CallLogCounters { waiting, dropped, .. } = world.log.counters();
    assert!((50..120).contains(&waiting), "{waiting}");
    assert_eq!(waiting as u64 + dropped, 1000);
}

#[test_waits::test]
async fn a_queue_without_room_drops_and_counts_everything() {
    let store = MemoryLog::default();
    let world = World::with(Arc::new(store.clone()), CallLogOptions { queue_records: 0, ..CallLogOptions::default() });
    world.calls(10).await;
    assert_eq!(world.log.counters(), CallLogCounters { dropped: 10, ..CallLogCounters::default() });
    assert_stored(&store, 0).await;
}

#[test_waits::test]
async fn calls_that_the_store_cannot_keep_take_no_others_with_them() {
    let store = Faulty::new(&[], Some("odd"));
    let world = World::with(Arc::clone(&store) as _, impatient());
    for number in 0..700 {
        let how = if [0, 1, 350, 699].contains(&number) { "odd" } else { "other" };
        assert_eq!(world.call(END, json!([how])).await, 400);
    }
    world.written(696).await;
    assert_stored(&store.inner, 696).await;
    assert_eq!(world.log.counters(), CallLogCounters { written: 696, refused: 4, ..CallLogCounters::default() });
}

#[test_waits::test]
async fn statistics_tell_up_to_when_they_are_whole() {
    let store = Faulty::with(&[Fault::Hangs]);
    let world = World::with(Arc::clone(&store) as _, patient());
    assert_eq!(world.log.latest(END).await.unwrap().last_updated.millis(), MIDNIGHT);
    world.calls(1).await;
    store.has_begun().await;
    world.clock.set(MIDNIGHT + 70_000);
    let latest = world.log.latest_of_all(&[END]).await.unwrap();
    assert_eq!(latest[0].last_updated.millis(), MIDNIGHT);
    assert_eq!(world.log.history(END).await.unwrap().last_updated.millis(), MIDNIGHT);
}

#[test_waits::test]
async fn a_stop_writes_what_waits() {
    let store = MemoryLog::default();
    let long = CallLogOptions { interval: Duration::from_secs(3600), batch: 2000, ..CallLogOptions::default() };
    let world = World::with(Arc::new(store.clone()), long);
    world.calls(2500).await;
    assert_eq!(world.log.stop(Duration::from_secs(60)).await, 0);
    assert_stored(&store, 2500).await;
    world.calls(3).await;
    let expected = CallLogCounters { written: 2500, dropped: 3, ..CallLogCounters::default() };
    assert_eq!(world.log.counters(), expected);
    assert_eq!(world.log.stop(Duration::ZERO).await, 0);
}

#[test_waits::test]
async fn a_stop_does_not_wait_for_a_store_beyond_its_time() {
    let store = Faulty::with(&[Fault::Hangs]);
    let world = World::with(Arc::clone(&store) as _, patient());
    world.calls(1).await;
    store.has_begun().await;
    world.calls(9).await;
    assert_eq!(world.log.stop(Duration::from_millis(1)).await, 10);
    assert_eq!(world.log.counters(), CallLogCounters { dropped: 10, ..CallLogCounters::default() });
    assert_eq!(world.log.drops(), [(END, 10)]);
}

#[test_waits::test]
async fn a_log_that_nobody_holds_any_longer_writes_what_waits() {
    let store = MemoryLog::default();
    let long = CallLogOptions { interval: Duration::from_secs(3600), ..CallLogOptions::default() };
    let world = World::with(Arc::new(store.clone()), long);
    world.calls(5).await;
    drop(world);
    let requests = async || store.totals(None, Timestamp::default()).await.unwrap().requests;
    until_async("what waited to be written", async || requests().await >= 5).await;
    assert_stored(&store, 5).await;
}
