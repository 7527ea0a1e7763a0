//! What properties begin with: calls, batches, and short ways to ask.

use std::time::Duration;

use rpc_core::{RequestId, Timestamp};

use crate::batch::{Batch, BatchId, NodeId};
use crate::call::{Admission, LogRow, LoggedCall};
use crate::statistics::{MethodBucket, Resolution};
use crate::store::{BucketQuery, CallLogStore, RowQuery};

/// What is said when a store fails that has no reason to.
pub(super) const ANSWERS: &str = "the store answers";

pub(super) const HELLO: &str = "/v1/greetings/hello";
pub(super) const BYE: &str = "/v1/greetings/bye";
pub(super) const MINUTE: i64 = 60_000;
pub(super) const DAY: i64 = 24 * 60 * MINUTE;

/// Milliseconds after midnight of a day of 2023.
pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_006_400_000 + millis)
}

/// An accepted call of a guest, which took a millisecond and ended at a moment.
pub(super) fn call(method: &'static str, ended: i64) -> LoggedCall {
    LoggedCall {
        method: method.into(),
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

pub(super) fn batch(node: u64, sequence: u64, calls: Vec<LoggedCall>) -> Batch {
    Batch::new(BatchId { node: NodeId(node), sequence }, at(0), calls)
}

pub(super) async fn write<S: CallLogStore>(store: &S, batch: &Batch) {
    store.write(batch).await.expect(ANSWERS);
}

/// Writes calls in a batch of their own.
pub(super) async fn log<S: CallLogStore>(store: &S, sequence: u64, calls: Vec<LoggedCall>) {
    write(store, &batch(1, sequence, calls)).await;
}

/// Some rows, from the beginning of time.
pub(super) async fn rows<S: CallLogStore>(store: &S, method: Option<&str>, offset: u64, limit: u32) -> Vec<LogRow> {
    let query = RowQuery { method, since: Timestamp::default(), offset, limit };
    store.rows(&query).await.expect(ANSWERS)
}

pub(super) async fn all_rows<S: CallLogStore>(store: &S) -> Vec<LogRow> {
    rows(store, None, 0, 10_000).await
}

/// The buckets of some days.
pub(super) async fn buckets<S: CallLogStore>(
    store: &S,
    resolution: Resolution,
    method: Option<&str>,
) -> Vec<MethodBucket> {
    range(store, resolution, method, -60 * DAY, 60 * DAY).await
}

pub(super) async fn range<S: CallLogStore>(
    store: &S,
    resolution: Resolution,
    method: Option<&str>,
    from: i64,
    to: i64,
) -> Vec<MethodBucket> {
    let query = BucketQuery { resolution, method, from: at(from), to: at(to) };
    store.buckets(&query).await.expect(ANSWERS)
}

/// How many calls all counts have: rows, minutes, tens of minutes.
pub(super) async fn counted<S: CallLogStore>(store: &S) -> [u64; 4] {
    let of = async |resolution| {
        buckets(store, resolution, None).await.iter().map(|found| found.bucket.counts.requests).sum::<u64>()
    };
    let totals = store.totals(None, at(-60 * DAY)).await.expect(ANSWERS);
    let (minutes, tens) = (of(Resolution::Minute).await, of(Resolution::TenMinutes).await);
    [all_rows(store).await.len() as u64, minutes, tens, totals.requests]
}
