//! A partition a day: made ahead, made when missing, removed.

use std::sync::Arc;
use std::time::Duration;

use rpc_calllog::postgres::PgLog;
use rpc_calllog::{CallLogStore, LoggedCall, Retention, WriteError};
use rpc_core::Timestamp;
use sqlx::{AssertSqlSafe, PgPool};
use test_waits::{soon, until_async, within};
use tokio::task::JoinSet;

use super::{CONNECTIONS, DAY, HELLO, LONG, at, batch, call, counted, migrated};

/// The partitions that there are, by the end of their names.
async fn partitions(pool: &PgPool) -> Vec<String> {
    let names = "SELECT replace(inhrelid::regclass::text, 'rpc_calllog_calls_', '') FROM pg_inherits
         WHERE inhparent = 'rpc_calllog_calls'::regclass ORDER BY 1";
    sqlx::query_scalar(names).fetch_all(pool).await.unwrap()
}

async fn execute(pool: &PgPool, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(pool).await.unwrap();
}

fn before(day: i64) -> Retention {
    Retention { calls: at(day * DAY), minutes: at(day * DAY) }
}

#[test_waits::test]
async fn partitions_of_the_next_days_are_made_before_anything_is_written_to_them() {
    let database = migrated().await;
    let pool = database.pool(CONNECTIONS).await;
    let store = PgLog::new(pool.clone());
    store.write(&batch(1, 1, 0, Vec::new())).await.unwrap();
    assert_eq!(partitions(&pool).await, ["20231115", "20231116", "20231117"]);
    store.write(&batch(1, 2, DAY - 1, Vec::new())).await.unwrap();
    assert_eq!(partitions(&pool).await.len(), 3);
    store.write(&batch(1, 3, DAY, Vec::new())).await.unwrap();
    assert_eq!(partitions(&pool).await, ["20231115", "20231116", "20231117", "20231118"]);
}

#[test_waits::test]
async fn a_call_of_a_day_without_a_partition_is_written_all_the_same() {
    let database = migrated().await;
    let pool = database.pool(CONNECTIONS).await;
    let store = PgLog::new(pool.clone());
    store.write(&batch(1, 1, 0, vec![call(HELLO, 0)])).await.unwrap();
    execute(&pool, "DROP TABLE rpc_calllog_calls_20231115").await;
    let moments = [0, 5 * DAY, -3 * DAY, -1];
    store.write(&batch(1, 2, 0, moments.map(|ended| call(HELLO, ended)).to_vec())).await.unwrap();
    let odd = [i64::MIN, i64::MAX].map(|started| {
        LoggedCall { started: Timestamp::from_millis(started), runtime: Duration::MAX, ..call(HELLO, 0) }.fit()
    });
    store.write(&batch(1, 3, 0, odd.to_vec())).await.unwrap();
    let expected = ["19710101", "20231112", "20231114", "20231115", "20231116", "20231117", "20231120", "99991231"];
    assert_eq!(partitions(&pool).await, expected);
    assert_eq!(counted(&store).await[0], 6);
}

#[test_waits::test]
async fn a_call_that_no_partition_can_hold_is_refused() {
    let database = migrated().await;
    let store = PgLog::new(database.pool(CONNECTIONS).await);
    for started in [253_402_300_800_000, -1, -1000 * DAY] {
        let odd = LoggedCall { started: Timestamp::from_millis(started), runtime: Duration::ZERO, ..call(HELLO, 0) };
        let refusal = store.write(&batch(1, 1, 0, vec![call(HELLO, 0), odd])).await;
        assert!(matches!(refusal, Err(WriteError::Refused(_))), "{refusal:?}");
    }
    assert_eq!(counted(&store).await, [0; 5]);
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_need_the_same_partitions_at_once_all_write() {
    let database = migrated().await;
    let pool = database.pool(16).await;
    let mut nodes = JoinSet::new();
    for node in 0..8 {
        let store = PgLog::new(pool.clone());
        nodes.spawn(async move {
            let calls = (0..6).map(|day| call(HELLO, day * DAY)).collect();
            store.write(&batch(node, 1, 0, calls)).await.unwrap();
        });
    }
    within(LONG, "all nodes", nodes.join_all()).await;
    assert_eq!(partitions(&pool).await.len(), 6);
    assert_eq!(counted(&PgLog::new(pool)).await, [48; 5]);
}

/// Whether somebody waits for the log alone.
async fn is_waited_for(pool: &PgPool) -> bool {
    let waits = "SELECT EXISTS (
            SELECT FROM pg_locks WHERE relation = 'rpc_calllog_calls'::regclass AND mode = 'AccessExclusiveLock'
                AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
         )";
    sqlx::query_scalar(waits).fetch_one(pool).await.unwrap()
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_partition_is_removed_when_its_reader_has_read_and_nobody_waits_for_that() {
    let database = migrated().await;
    let pool = database.pool(CONNECTIONS).await;
    let store = Arc::new(PgLog::new(pool.clone()));
    store.write(&batch(1, 1, -40 * DAY, vec![call(HELLO, -40 * DAY), call(HELLO, 0)])).await.unwrap();

    let mut reader = pool.begin().await.unwrap();
    let count = "SELECT count(*) FROM rpc_calllog_calls";
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut *reader).await.unwrap(), 2);
    let mut purge = JoinSet::new();
    let purger = Arc::clone(&store);
    purge.spawn(async move { purger.purge(&before(-30)).await });
    for sequence in 2..6 {
        until_async("the purge to wait", async || is_waited_for(&pool).await).await;
        store.write(&batch(1, sequence, 0, vec![call(HELLO, 0)])).await.unwrap();
    }
    assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(&mut *reader).await.unwrap(), 6);
    assert!(purge.try_join_next().is_none(), "the reader has not ended");
    reader.commit().await.unwrap();
    soon("the purge", purge.join_next()).await.unwrap().unwrap().unwrap();
    let names = partitions(&pool).await;
    assert!(names.iter().all(|name| &**name >= "20231016") && names.contains(&"20231115".to_owned()), "{names:?}");
    assert_eq!(counted(&store).await[0], 5);
}

#[test_waits::test]
async fn partitions_of_others_are_left_alone() {
    let database = migrated().await;
    let pool = database.pool(CONNECTIONS).await;
    let store = PgLog::new(pool.clone());
    let range = "FOR VALUES FROM ('2000-01-01') TO ('2001-01-01')";
    execute(&pool, &format!("CREATE TABLE archive PARTITION OF rpc_calllog_calls {range}")).await;
    store.write(&batch(1, 1, 0, vec![call(HELLO, -60 * DAY)])).await.unwrap();
    store.purge(&before(-30)).await.unwrap();
    assert_eq!(partitions(&pool).await, ["20231115", "20231116", "20231117", "archive"]);
}
