//! Servers that stop, tables that are locked, data that cannot be stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rpc_calllog::postgres::{PgLog, migrator};
use rpc_calllog::{CallLogStore, LoggedCall, WriteError};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, PgPool, Postgres, Transaction};
use test_postgres::{Cluster, StopMode};
use test_waits::{until, within};
use tokio::task::JoinSet;

use super::{HELLO, LONG, MINUTE, at, batch, call, counted, migrated};

/// Writes as the log does: until it is known what became of the batch.
async fn write_until_known(store: &PgLog, batch: &rpc_calllog::Batch) {
    let attempt = async || tokio::time::timeout(Duration::from_secs(2), store.write(batch)).await;
    let known = async {
        while !matches!(attempt().await, Ok(Ok(()))) {
            tokio::task::yield_now().await;
        }
    };
    within(LONG, "the fate of a batch", known).await;
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_stops_in_the_midst_of_batches_loses_nothing_and_counts_nothing_twice() {
    const WRITERS: u64 = 4;
    const BATCHES: u64 = 150;
    // What was committed is there after a crash of the server, as it is by default.
    let cluster = Cluster::start_with("synchronous_commit = on");
    let pool = PgPoolOptions::new().max_connections(6).connect_with(cluster.options("postgres")).await.unwrap();
    migrator().run(&pool).await.unwrap();
    let (store, written) = (PgLog::new(pool), Arc::new(AtomicU64::new(0)));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, written) = (store.clone(), Arc::clone(&written));
        writers.spawn(async move {
            for sequence in 1..=BATCHES {
                let calls = (0..30).map(|number| call(HELLO, number * MINUTE)).collect();
                write_until_known(&store, &batch(writer, sequence, 0, calls)).await;
                written.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    for (threshold, mode) in [(50, StopMode::Immediate), (200, StopMode::Fast), (400, StopMode::Immediate)] {
        until(format_args!("{threshold} batches"), || written.load(Ordering::Relaxed) >= threshold).await;
        tokio::task::block_in_place(|| {
            cluster.stop(mode);
            cluster.start_again();
        });
    }
    within(LONG, "all writers", writers.join_all()).await;
    assert_eq!(counted(&store).await, [WRITERS * BATCHES * 30; 5]);
}

/// Locks the log against everybody.
async fn locked(pool: &PgPool) -> Transaction<'static, Postgres> {
    let mut lock = pool.begin().await.unwrap();
    lock.execute("LOCK TABLE rpc_calllog_calls IN ACCESS EXCLUSIVE MODE").await.unwrap();
    lock
}

async fn answers(pool: &PgPool) -> bool {
    let answer = tokio::time::timeout(Duration::from_secs(3), pool.execute("SELECT 1")).await;
    matches!(answer, Ok(Ok(_)))
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_to_a_locked_log_fails_in_time_and_takes_no_connection_with_it() {
    let database = migrated().await;
    let pool = database.pool(1).await;
    let store = PgLog::new(pool.clone());
    store.write(&batch(1, 1, 0, vec![call(HELLO, 0)])).await.unwrap();
    let lock = locked(&database.pool(1).await).await;
    let late = batch(1, 2, 0, vec![call(HELLO, 0)]);
    let failure = within(Duration::from_secs(9), "the end of an attempt", store.write(&late)).await;
    assert!(matches!(failure, Err(WriteError::Store(_))), "{failure:?}");
    assert!(answers(&pool).await);
    lock.rollback().await.unwrap();
    store.write(&late).await.unwrap();
    assert_eq!(counted(&store).await, [2; 5]);
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_that_were_given_up_take_no_connection_with_them() {
    let database = migrated().await;
    let pool = database.pool(2).await;
    let store = PgLog::new(pool.clone());
    store.write(&batch(1, 1, 0, vec![call(HELLO, 0)])).await.unwrap();
    let lock = locked(&database.pool(1).await).await;
    let again = batch(1, 2, 0, vec![call(HELLO, 0), call(HELLO, MINUTE)]);
    for _ in 0..5 {
        let attempt = tokio::time::timeout(Duration::from_millis(100), store.write(&again)).await;
        assert!(attempt.is_err(), "{attempt:?}");
    }
    assert!(answers(&pool).await);
    lock.rollback().await.unwrap();
    store.write(&again).await.unwrap();
    assert_eq!(counted(&store).await, [3; 5]);
}

#[test_waits::test]
async fn a_batch_with_something_that_cannot_be_stored_is_refused_whole() {
    let database = migrated().await;
    let store = PgLog::new(database.pool(1).await);
    let nul = LoggedCall { reason: "a\0b".into(), ..call(HELLO, 0) };
    let endless = call(&"x".repeat(1_000_000), 0);
    for odd in [nul, endless] {
        let refusal = store.write(&batch(1, 1, 0, vec![call(HELLO, 0), odd, call(HELLO, 1)])).await;
        assert!(matches!(refusal, Err(WriteError::Refused(_))), "{refusal:?}");
        assert_eq!(counted(&store).await, [0; 5]);
    }
    store.write(&batch(1, 1, 0, vec![call(HELLO, 0)])).await.unwrap();
    assert_eq!(counted(&store).await, [1; 5]);
}

#[test_waits::test]
async fn run_times_that_no_number_holds_are_counted_as_the_longest() {
    let database = migrated().await;
    let store = PgLog::new(database.pool(1).await);
    let year = LoggedCall { started: at(0), runtime: Duration::MAX, ..call(HELLO, 0) }.fit();
    for sequence in 1..=3 {
        store.write(&batch(1, sequence, 0, vec![year.clone(); 200])).await.unwrap();
    }
    let totals = store.totals(Some(HELLO), at(0)).await.unwrap();
    assert_eq!((totals.requests, totals.runtime), (600, Duration::from_nanos(i64::MAX as u64)));
    // Of several buckets together there is no such bound.
    let later = LoggedCall { started: at(10 * MINUTE), ..year };
    store.write(&batch(1, 4, 0, vec![later; 300])).await.unwrap();
    let totals = store.totals(Some(HELLO), at(0)).await.unwrap();
    assert_eq!((totals.requests, totals.runtime), (900, 2 * Duration::from_nanos(i64::MAX as u64)));
}
