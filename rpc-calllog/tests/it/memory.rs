//! The store in memory.

use std::time::Duration;

use rpc_calllog::{Admission, Batch, BatchId, CallLogStore, LoggedCall, MemoryLog, NodeId, Resolution, RowQuery};
use rpc_core::{RequestId, Timestamp};

rpc_calllog::call_log_conformance!(conforms, async { (MemoryLog::default(), ()) });

fn call(number: u64) -> LoggedCall {
    LoggedCall {
        method: "/v1/greetings/hello".into(),
        caller: None,
        started: Timestamp::from_millis(1_700_000_000_000 + number as i64),
        runtime: Duration::from_micros(500 + number % 1000),
        admission: Admission::Accepted,
        exception: false,
        status: 200,
        reason: "OK".into(),
        transport: "http".into(),
        client: None,
        request_id: RequestId::parse("0123456789abcdef0123456789abcdef"),
    }
}

fn batch(sequence: u64, calls: impl Iterator<Item = u64>) -> Batch {
    let id = BatchId { node: NodeId(1), sequence };
    Batch::new(id, Timestamp::default(), calls.map(call).collect())
}

#[test_waits::test]
async fn of_more_rows_than_it_keeps_the_oldest_go_and_the_counts_stay() {
    let store = MemoryLog::keeping(100);
    store.write(&batch(1, 0..250)).await.unwrap();
    let query = RowQuery { method: None, since: Timestamp::default(), offset: 0, limit: 1000 };
    let rows = store.rows(&query).await.unwrap();
    let numbers: Vec<i64> = rows.iter().map(|row| row.id.0).collect();
    assert_eq!(numbers, (151..=250).rev().collect::<Vec<_>>());
    assert_eq!(store.totals(None, Timestamp::default()).await.unwrap().requests, 250);
}

#[test]
fn a_row_takes_a_fifth_of_a_kilobyte_and_a_bucket_a_few_hundred_bytes() {
    let measure = |store: &MemoryLog, batches: Vec<Batch>| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let write = || batches.iter().for_each(|batch| runtime.block_on(store.write(batch)).unwrap());
        usize::try_from(allocation_counter::measure(write).bytes_current).unwrap()
    };
    let rows = measure(&MemoryLog::default(), vec![batch(1, 0..50_000)]) / 50_000;
    assert!((100..300).contains(&rows), "{rows}");
    let spread = |number: u64| number * 600_000;
    let batches: Vec<_> = (1..=1000).map(|ten| batch(ten, (0..20).map(|call| spread(ten) + call))).collect();
    assert_eq!(batches[0].buckets(Resolution::TenMinutes).len(), 1);
    let buckets = measure(&MemoryLog::keeping(0), batches) / 1000 / 2;
    assert!((100..400).contains(&buckets), "{buckets}");
}
