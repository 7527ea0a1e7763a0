//! Batches: whole, and once.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::given::{ANSWERS, BYE, HELLO, MINUTE, all_rows, batch, buckets, call, counted, write};
use crate::statistics::Resolution;
use crate::store::CallLogStore;

/// And what the rows say, the buckets say.
pub async fn a_batch_is_rows_and_buckets<S: CallLogStore>(store: Arc<S>) {
    let whole = batch(1, 1, vec![call(HELLO, 0), call(BYE, 1), call(HELLO, MINUTE)]);
    write(&*store, &whole).await;
    let mut calls: Vec<_> = all_rows(&*store).await.into_iter().map(|row| row.call).collect();
    calls.reverse();
    assert_eq!(calls, whole.calls());
    for resolution in [Resolution::Minute, Resolution::TenMinutes] {
        assert_eq!(buckets(&*store, resolution, None).await, whole.buckets(resolution));
    }
}

/// Whoever does not know whether a batch was written sends it again.
pub async fn a_batch_is_written_once<S: CallLogStore>(store: Arc<S>) {
    let twice = batch(1, 1, vec![call(HELLO, 0), call(BYE, 1)]);
    write(&*store, &twice).await;
    write(&*store, &twice).await;
    assert_eq!(counted(&*store).await, [2; 4]);
}

/// It was written before, or its node has given it up.
pub async fn an_earlier_batch_of_a_node_changes_nothing<S: CallLogStore>(store: Arc<S>) {
    write(&*store, &batch(1, 7, vec![call(HELLO, 0)])).await;
    write(&*store, &batch(1, 6, vec![call(HELLO, 1)])).await;
    assert_eq!(counted(&*store).await, [1; 4]);
    write(&*store, &batch(1, 8, vec![call(HELLO, 2)])).await;
    assert_eq!(counted(&*store).await, [2; 4]);
}

/// The same number of another node is another batch, whatever the numbers of nodes are.
pub async fn nodes_number_their_batches_apart<S: CallLogStore>(store: Arc<S>) {
    for node in [0, 1, 2, u64::MAX] {
        write(&*store, &batch(node, 1, vec![call(HELLO, 0)])).await;
    }
    assert_eq!(counted(&*store).await, [4; 4]);
}

/// Also when the node has never written before.
pub async fn a_batch_sent_many_times_at_once_counts_once<S: CallLogStore>(store: Arc<S>) {
    for sequence in 1..=5 {
        let again = batch(1, sequence, vec![call(HELLO, 0), call(BYE, 0), call(HELLO, MINUTE)]);
        let mut attempts = JoinSet::new();
        for _ in 0..8 {
            let (store, again) = (Arc::clone(&store), again.clone());
            attempts.spawn(async move { write(&*store, &again).await });
        }
        attempts.join_all().await;
        assert_eq!(counted(&*store).await, [3 * sequence; 4]);
    }
}

/// Wherever it was when it was given up.
pub async fn an_attempt_that_was_given_up_counts_once<S: CallLogStore>(store: Arc<S>) {
    for sequence in 1..=30 {
        let again = batch(1, sequence, vec![call(HELLO, 0), call(BYE, 0)]);
        let patience = Duration::from_micros(100 * sequence);
        let _ = tokio::time::timeout(patience, store.write(&again)).await;
        write(&*store, &again).await;
        assert_eq!(counted(&*store).await, [2 * sequence; 4]);
    }
}

/// To the same rows, in whatever order.
pub async fn batches_of_many_nodes_at_once_are_all_counted<S: CallLogStore>(store: Arc<S>) {
    let mut nodes = JoinSet::new();
    for node in 0..8 {
        let store = Arc::clone(&store);
        nodes.spawn(async move {
            for sequence in 1..=20 {
                let calls = vec![call(BYE, 0), call(HELLO, 0), call(HELLO, MINUTE), call(BYE, 11 * MINUTE)];
                store.write(&batch(node, sequence, calls)).await.expect(ANSWERS);
            }
        });
    }
    nodes.join_all().await;
    assert_eq!(counted(&*store).await, [8 * 20 * 4; 4]);
    for found in buckets(&*store, Resolution::Minute, None).await {
        assert_eq!((found.bucket.counts.accepted, found.bucket.sketch.count()), (160, 160), "{found:?}");
    }
}

/// It is written all the same.
pub async fn a_batch_without_calls_changes_nothing<S: CallLogStore>(store: Arc<S>) {
    write(&*store, &batch(1, 1, Vec::new())).await;
    assert_eq!(counted(&*store).await, [0; 4]);
}
