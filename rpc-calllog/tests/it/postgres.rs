//! The store in Postgres.

mod faults;
mod nodes;
mod partitions;
mod sums;
mod upgrade;

use std::time::Duration;

use rpc_calllog::postgres::{PgLog, migrator};
use rpc_calllog::{Admission, Batch, BatchId, BucketQuery, CallLogStore, LoggedCall, NodeId, Resolution, RowQuery};
use rpc_core::{RequestId, Timestamp};
use test_postgres::{TestDatabase, lay_traps};

/// Connections of a test: enough for what meets, fewer than what waits.
const CONNECTIONS: u32 = 8;

/// Longer than all that is done at once takes on a slow machine.
const LONG: Duration = Duration::from_secs(120);

const HELLO: &str = "/v1/greetings/hello";
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

async fn migrated() -> TestDatabase {
    TestDatabase::migrated("calllog", async |pool| migrator().run(&pool).await.unwrap()).await
}

rpc_calllog::call_log_conformance!(conforms, async {
    let database = migrated().await;
    (PgLog::new(database.pool(CONNECTIONS).await), database)
});

/// Others may make functions and operators in the schema of the tables, and have.
async fn trapped() -> TestDatabase {
    let prepare = async |pool| {
        migrator().run(&pool).await.unwrap();
        lay_traps(&pool).await;
    };
    TestDatabase::migrated("trapped calllog", prepare).await
}

rpc_calllog::call_log_conformance!(conforms_and_runs_no_code_of_others, async {
    let database = trapped().await;
    (PgLog::new(database.pool(CONNECTIONS).await), database)
});

/// Milliseconds after the midnight with which 2023-11-15 begins.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_006_400_000 + millis)
}

/// An accepted call, which ended at a moment.
fn call(method: &str, ended: i64) -> LoggedCall {
    LoggedCall {
        method: method.to_owned().into(),
        caller: None,
        started: at(ended - 1),
        runtime: Duration::from_millis(1),
        admission: Admission::Accepted,
        exception: false,
        status: 200,
        reason: "OK".into(),
        transport: "http".into(),
        client: None,
        request_id: RequestId::parse("given"),
    }
}

/// A batch that was made at a moment.
fn batch(node: u64, sequence: u64, made: i64, calls: Vec<LoggedCall>) -> Batch {
    Batch::new(BatchId { node: NodeId(node), sequence }, at(made), calls)
}

/// How many calls all counts have: rows, minutes, tens of minutes, run times, totals.
async fn counted(store: &PgLog) -> [u64; 5] {
    let query = RowQuery { method: None, since: Timestamp::default(), offset: 0, limit: u32::MAX };
    let rows = store.rows(&query).await.unwrap().len() as u64;
    let of = async |resolution| {
        let query = BucketQuery { resolution, method: None, from: at(-100 * DAY), to: at(100 * DAY) };
        store.buckets(&query).await.unwrap()
    };
    let requests = |found: &[rpc_calllog::MethodBucket]| found.iter().map(|found| found.bucket.counts.requests).sum();
    let (minutes, tens) = (of(Resolution::Minute).await, of(Resolution::TenMinutes).await);
    let sketched = tens.iter().map(|found| found.bucket.sketch.count()).sum();
    let totals = store.totals(None, at(-100 * DAY)).await.unwrap();
    [rows, requests(&minutes), requests(&tens), sketched, totals.requests]
}
