//! Many nodes, one log.

use std::sync::Arc;
use std::time::Duration;

use rpc_calllog::postgres::PgLog;
use rpc_calllog::{Admission, BucketQuery, CallLogStore, Counts, LoggedCall, Resolution, Retention, Sketch};
use sqlx::PgPool;
use test_postgres::TestDatabase;
use test_waits::{until_async, within};
use tokio::task::JoinSet;

use super::{CONNECTIONS, DAY, HELLO, LONG, MINUTE, at, batch, call, counted, migrated};

/// A node of its own, with connections of its own.
async fn node(database: &TestDatabase) -> (PgLog, PgPool) {
    let pool = database.pool(2).await;
    (PgLog::new(pool.clone()), pool)
}

/// The calls of the batch with a number: 50 accepted, of them 5 failed, and 3 declined; run times are of all sizes.
fn calls(number: u64) -> Vec<LoggedCall> {
    let runtime = |index: u64| Duration::from_nanos((number * 53 + index + 1) * 7919);
    let accepted = (0..50).map(|index| LoggedCall {
        runtime: runtime(index),
        started: at(0),
        exception: index < 5,
        status: if index < 5 { 500 } else { 200 },
        ..call(HELLO, 0)
    });
    let declined = LoggedCall { admission: Admission::Declined, status: 429, ..call(HELLO, MINUTE - 1) };
    accepted.chain(vec![declined; 3]).collect()
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_two_nodes_add_at_once_is_exact_to_a_third_that_reads() {
    const BATCHES: u64 = 40;
    let database = migrated().await;
    let mut nodes = JoinSet::new();
    for number in 0..2 {
        let (store, _) = node(&database).await;
        nodes.spawn(async move {
            for sequence in 1..=BATCHES {
                store.write(&batch(number, sequence, 0, calls(sequence * 2 + number))).await.unwrap();
            }
        });
    }
    within(LONG, "all nodes", nodes.join_all()).await;

    let (mut runtime, mut sketch) = (Duration::ZERO, Sketch::default());
    for call in (2..BATCHES * 2 + 2).flat_map(calls).filter(|call| call.admission == Admission::Accepted) {
        runtime += call.runtime;
        sketch.add(call.runtime);
    }
    let batches = 2 * BATCHES;
    let expected = Counts {
        requests: 53 * batches,
        accepted: 50 * batches,
        declined: 3 * batches,
        errors: 8 * batches,
        exceptions: 5 * batches,
        runtime,
    };
    let (reader, _) = node(&database).await;
    assert_eq!(reader.totals(Some(HELLO), at(0)).await.unwrap(), expected);
    for resolution in [Resolution::Minute, Resolution::TenMinutes] {
        let query = BucketQuery { resolution, method: None, from: at(0), to: at(DAY) };
        let found = reader.buckets(&query).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].bucket.counts, &found[0].bucket.sketch), (expected, &sketch), "{resolution:?}");
    }
}

/// Circles of waiting sessions that the server has had to break in the database. Sessions tell when they end.
async fn deadlocks(database: &TestDatabase) -> i64 {
    let pool = database.pool(1).await;
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let count = async || sqlx::query_scalar::<_, i64>(others).fetch_one(&pool).await.unwrap();
    until_async("all others to leave", async || count().await == 0).await;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    sqlx::query_scalar(deadlocks).fetch_one(&pool).await.unwrap()
}

/// One call of each of 36 methods in a minute and its neighbour, from a method on.
fn round(first: usize, ended: i64) -> Vec<LoggedCall> {
    let paths = (0..36).map(|number| format!("/v1/methods/{}", (number * 11 + first) % 36));
    paths.flat_map(|path| [call(&path, ended), call(&path, ended + MINUTE)]).collect()
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_writers_over_the_same_methods_never_wait_in_a_circle() {
    const BATCHES: u64 = 25;
    let database = migrated().await;
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let (store, pool) = node(&database).await;
        writers.spawn(async move {
            for sequence in 1..=BATCHES {
                let calls = round(writer as usize * 4 + sequence as usize, 0);
                store.write(&batch(writer, sequence, 0, calls)).await.unwrap();
            }
            pool.close().await;
        });
    }
    within(LONG, "all writers", writers.join_all()).await;
    assert_eq!(deadlocks(&database).await, 0);
    let (store, _) = node(&database).await;
    assert_eq!(counted(&store).await, [8 * BATCHES * 72; 5]);
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_and_purges_of_the_same_buckets_never_wait_in_a_circle() {
    let database = migrated().await;
    let mut nodes = JoinSet::new();
    for writer in 0..4 {
        let (store, pool) = node(&database).await;
        nodes.spawn(async move {
            for sequence in 1..=20 {
                let calls = round(writer as usize * 8 + sequence as usize, 0);
                store.write(&batch(writer, sequence, 0, calls)).await.unwrap();
            }
            pool.close().await;
        });
    }
    for _ in 0..2 {
        let (store, pool) = node(&database).await;
        nodes.spawn(async move {
            for _ in 0..20 {
                // All buckets go; the rows, of the same day, stay.
                store.purge(&Retention { calls: at(20 * MINUTE), minutes: at(20 * MINUTE) }).await.unwrap();
            }
            pool.close().await;
        });
    }
    within(LONG, "all nodes", nodes.join_all()).await;
    assert_eq!(deadlocks(&database).await, 0);
    let (store, _) = node(&database).await;
    store.purge(&Retention { calls: at(20 * MINUTE), minutes: at(20 * MINUTE) }).await.unwrap();
    assert_eq!(counted(&store).await, [4 * 20 * 72, 0, 0, 0, 0]);
}

#[test_waits::test]
async fn clones_of_a_store_are_one_log() {
    let database = migrated().await;
    let store = Arc::new(PgLog::new(database.pool(CONNECTIONS).await));
    let other = PgLog::clone(&store);
    store.write(&batch(1, 1, 0, vec![call(HELLO, 0)])).await.unwrap();
    assert_eq!(counted(&other).await, [1; 5]);
    assert!(format!("{other:?}").starts_with("PgLog { connections: "));
}
