//! What goes, and what stays.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::given::{ANSWERS, BYE, DAY, HELLO, MINUTE, all_rows, at, batch, buckets, call, counted, log, write};
use crate::statistics::Resolution;
use crate::store::{CallLogStore, Retention};

async fn purge<S: CallLogStore>(store: &S, calls: i64, minutes: i64) {
    store.purge(&Retention { calls: at(calls), minutes: at(minutes) }).await.expect(ANSWERS);
}

/// Rows may stay for a day more, buckets may not.
pub async fn what_is_too_old_goes<S: CallLogStore>(store: Arc<S>) {
    log(&*store, 1, [-40 * DAY, -32 * DAY, -31 * DAY - 1].map(|ended| call(HELLO, ended)).to_vec()).await;
    log(&*store, 2, vec![call(BYE, -30 * DAY - 1)]).await;
    purge(&*store, -30 * DAY, -30 * DAY).await;
    assert!(all_rows(&*store).await.iter().all(|row| row.call.finished() >= at(-31 * DAY)));
    let [_, minutes, tens, totals] = counted(&*store).await;
    assert_eq!([minutes, tens, totals], [0; 3]);
    purge(&*store, -DAY, -DAY).await;
    assert_eq!(counted(&*store).await, [0; 4]);
}

/// Each by its own moment.
pub async fn what_is_young_enough_stays<S: CallLogStore>(store: Arc<S>) {
    log(&*store, 1, [-10 * DAY, -DAY, -2 * MINUTE, -MINUTE, 0].map(|ended| call(HELLO, ended)).to_vec()).await;
    purge(&*store, -10 * DAY, -MINUTE).await;
    assert_eq!(counted(&*store).await, [5, 2, 5, 5]);
    let minutes = buckets(&*store, Resolution::Minute, None).await;
    assert_eq!(minutes.iter().map(|found| found.bucket.start).collect::<Vec<_>>(), [at(-MINUTE), at(0)]);
}

/// Those who read and write meanwhile find what stays, whole.
pub async fn a_purge_disturbs_nobody<S: CallLogStore>(store: Arc<S>) {
    for day in 0..40 {
        let calls = (0..20).map(|number| call(HELLO, -day * DAY + number * MINUTE)).collect();
        log(&*store, day as u64 + 1, calls).await;
    }
    let mut others = JoinSet::new();
    for reader in 0..4 {
        let store = Arc::clone(&store);
        others.spawn(async move {
            for number in 0..20 {
                let found = all_rows(&*store).await;
                let kept = found.iter().filter(|row| row.call.method == HELLO && row.call.finished() >= at(-10 * DAY));
                assert_eq!(kept.count(), 11 * 20);
                let tens = buckets(&*store, Resolution::TenMinutes, Some(HELLO)).await;
                let kept = tens.iter().filter(|found| found.bucket.start >= at(-10 * DAY));
                assert_eq!(kept.map(|found| found.bucket.counts.requests).sum::<u64>(), 11 * 20);
                write(&*store, &batch(100 + reader, number + 1, vec![call(BYE, 0)])).await;
            }
        });
    }
    for day in (10..40).rev() {
        purge(&*store, -day * DAY, -day * DAY).await;
    }
    while let Some(other) = others.join_next().await {
        other.expect("readers and writers find what stays");
    }
    let [_, minutes, tens, totals] = counted(&*store).await;
    assert_eq!([minutes, tens, totals], [11 * 20 + 80; 3]);
}

/// As long as its node is not too old itself.
pub async fn a_batch_is_still_known_after_a_purge<S: CallLogStore>(store: Arc<S>) {
    let again = batch(1, 1, vec![call(HELLO, 0)]);
    write(&*store, &again).await;
    purge(&*store, -MINUTE, -MINUTE).await;
    write(&*store, &again).await;
    assert_eq!(counted(&*store).await, [1; 4]);
}
