//! Buckets: sums, ranges, order.

use std::sync::Arc;
use std::time::Duration;

use super::given::{ANSWERS, BYE, DAY, HELLO, MINUTE, at, batch, buckets, call, log, range, write};
use crate::call::{Admission, LoggedCall};
use crate::sketch::Sketch;
use crate::statistics::{Counts, Resolution};
use crate::store::CallLogStore;

/// Accepted, declined, refused, failed: each is counted as what it is.
fn calls_of_all_kinds(ended: i64) -> Vec<LoggedCall> {
    let (declined, refused) = (Admission::Declined, Admission::Refused);
    vec![
        call(HELLO, ended),
        LoggedCall { status: 409, ..call(HELLO, ended) },
        LoggedCall { exception: true, status: 500, ..call(HELLO, ended) },
        LoggedCall { admission: declined, status: 429, ..call(HELLO, ended) },
        LoggedCall { admission: refused, status: 403, ..call(HELLO, ended) },
    ]
}

const COUNTS: Counts =
    Counts { requests: 5, accepted: 3, declined: 1, errors: 4, exceptions: 1, runtime: Duration::from_millis(3) };

fn times(factor: u32) -> Counts {
    let mut counts = Counts::default();
    (0..factor).for_each(|_| counts += COUNTS);
    counts
}

/// Of the same node and of others.
pub async fn buckets_of_batches_add_up<S: CallLogStore>(store: Arc<S>) {
    for (node, sequence) in [(1, 1), (1, 2), (2, 1)] {
        write(&*store, &batch(node, sequence, calls_of_all_kinds(MINUTE - 1))).await;
    }
    write(&*store, &batch(3, 1, calls_of_all_kinds(MINUTE))).await;
    let minutes = buckets(&*store, Resolution::Minute, Some(HELLO)).await;
    let minutes: Vec<_> = minutes.iter().map(|found| (found.bucket.start, found.bucket.counts)).collect();
    assert_eq!(minutes, [(at(0), times(3)), (at(MINUTE), times(1))]);
    let tens = buckets(&*store, Resolution::TenMinutes, Some(HELLO)).await;
    let tens: Vec<_> = tens.iter().map(|found| (found.bucket.start, found.bucket.counts)).collect();
    assert_eq!(tens, [(at(0), times(4))]);
}

/// To what one sketch of all run times is, and those of calls that were not accepted are not among them.
pub async fn run_times_of_batches_merge<S: CallLogStore>(store: Arc<S>) {
    let mut whole = Sketch::default();
    for sequence in 1..=20_u32 {
        let runtime = Duration::from_nanos(10).saturating_mul(3_u32.pow(sequence.min(19)));
        let slow = LoggedCall { started: at(0), runtime, ..call(HELLO, 0) };
        let declined = LoggedCall { admission: Admission::Declined, started: at(0), ..slow.clone() };
        whole.add(runtime);
        whole.add(runtime);
        write(&*store, &batch(u64::from(sequence % 3), sequence.into(), vec![slow.clone(), declined, slow])).await;
    }
    for resolution in [Resolution::Minute, Resolution::TenMinutes] {
        let found = buckets(&*store, resolution, None).await;
        let found: Vec<_> = found.into_iter().map(|found| found.bucket).collect();
        let counts = |bucket: &crate::Bucket| (bucket.counts.requests, bucket.counts.accepted);
        assert_eq!(found.iter().map(counts).collect::<Vec<_>>(), [(60, 40)]);
        assert_eq!(found[0].sketch, whole);
    }
}

/// Methods by code point.
pub async fn buckets_come_by_method_then_start<S: CallLogStore>(store: Arc<S>) {
    let methods = ["/v1/Z/z", "/v1/a-b/c", "/v1/a/b", "/v1/a_b/c", "/v1/é/a"];
    let calls = (0..40).map(|number| call(methods[number * 3 % 5], (number as i64 * 7 % 11) * 10 * MINUTE));
    log(&*store, 1, calls.collect()).await;
    for resolution in [Resolution::Minute, Resolution::TenMinutes] {
        let found = buckets(&*store, resolution, None).await;
        let order = |found: &crate::MethodBucket| (found.method.clone(), found.bucket.start);
        assert!(found.len() > 30 && found.is_sorted_by(|one, next| order(one) < order(next)), "{found:?}");
    }
}

/// Also those of a method that nobody knows.
pub async fn buckets_of_one_method_are_its_own<S: CallLogStore>(store: Arc<S>) {
    log(&*store, 1, vec![call(HELLO, 0), call(BYE, 0), call("/v9/of/tomorrow", 0)]).await;
    for method in [HELLO, BYE, "/v9/of/tomorrow"] {
        let found = buckets(&*store, Resolution::Minute, Some(method)).await;
        assert_eq!(found.iter().map(|found| &*found.method).collect::<Vec<_>>(), [method]);
    }
    assert_eq!(buckets(&*store, Resolution::Minute, Some("/v1/greetings")).await, []);
    assert_eq!(buckets(&*store, Resolution::Minute, None).await.len(), 3);
}

/// Of one method and of all.
pub async fn a_range_has_its_beginning_and_not_its_end<S: CallLogStore>(store: Arc<S>) {
    log(&*store, 1, (0..5).map(|minute| call(HELLO, minute * MINUTE)).collect()).await;
    for method in [None, Some(HELLO)] {
        let starts = async |from, to| {
            let found = range(&*store, Resolution::Minute, method, from, to).await;
            found.iter().map(|found| found.bucket.start).collect::<Vec<_>>()
        };
        assert_eq!(starts(MINUTE, 3 * MINUTE).await, [at(MINUTE), at(2 * MINUTE)]);
        assert_eq!(starts(MINUTE, MINUTE).await, []);
        assert_eq!(starts(3 * MINUTE, MINUTE).await, []);
        assert_eq!(starts(-DAY, 0).await, []);
    }
}

/// Minutes are no tens of minutes.
pub async fn both_lengths_are_kept_apart<S: CallLogStore>(store: Arc<S>) {
    log(&*store, 1, [0, 9, 10, 25].map(|minute| call(HELLO, minute * MINUTE)).to_vec()).await;
    let starts = async |resolution| {
        let found = buckets(&*store, resolution, None).await;
        found.iter().map(|found| (found.bucket.start, found.bucket.counts.requests)).collect::<Vec<_>>()
    };
    let minutes = [0, 9, 10, 25].map(|minute| (at(minute * MINUTE), 1));
    assert_eq!(starts(Resolution::Minute).await, minutes);
    let tens = [(0, 2), (10, 1), (20, 1)].map(|(minute, count)| (at(minute * MINUTE), count));
    assert_eq!(starts(Resolution::TenMinutes).await, tens);
}

/// And of nothing they are zeros.
pub async fn totals_are_of_one_method_or_of_all<S: CallLogStore>(store: Arc<S>) {
    assert_eq!(store.totals(None, at(-DAY)).await.expect(ANSWERS), Counts::default());
    let calls = [calls_of_all_kinds(0), calls_of_all_kinds(10 * MINUTE), vec![call(BYE, 0)]].concat();
    log(&*store, 1, calls).await;
    let bye = Counts { requests: 1, accepted: 1, runtime: Duration::from_millis(1), ..Counts::default() };
    let mut all = times(2);
    all += bye;
    for (method, since, expected) in [
        (Some(HELLO), 0, times(2)),
        (Some(HELLO), 1, times(1)),
        (Some(HELLO), 20 * MINUTE, Counts::default()),
        (Some(BYE), -DAY, bye),
        (Some("/v1/greetings"), -DAY, Counts::default()),
        (None, -DAY, all),
    ] {
        assert_eq!(store.totals(method, at(since)).await.expect(ANSWERS), expected, "{method:?} {since}");
    }
}
