//! Time: jumps of the clock, what is new, what is old.

use std::sync::Arc;
use std::time::Duration;

use rpc_calllog::{Bucket, Counts, MemoryLog};
use serde_json::json;
use test_waits::until;

use crate::world::{END, HANG, MIDNIGHT, MINUTE, World};

const DAY: i64 = 24 * 60 * MINUTE;

fn requests(buckets: &[Bucket]) -> u64 {
    buckets.iter().map(|bucket| bucket.counts.requests).sum()
}

/// Those with calls, in minutes after midnight.
fn filled(buckets: &[Bucket]) -> Vec<(i64, u64)> {
    let filled = buckets.iter().filter(|bucket| bucket.counts.requests > 0);
    filled.map(|bucket| ((bucket.start.millis() - MIDNIGHT) / MINUTE, bucket.counts.requests)).collect()
}

#[test_waits::test]
async fn a_clock_that_jumps_over_borders_of_buckets_loses_and_doubles_nothing() {
    let world = World::new();
    for jump in [0, 61_000, -1, 9 * MINUTE + 59_999, 10 * MINUTE, -3 * MINUTE, 59_999, 60_000, 0] {
        world.clock.set(MIDNIGHT + jump);
        world.calls(2).await;
    }
    world.clock.set(MIDNIGHT + 11 * MINUTE);
    let expected = [(-3, 2), (-1, 2), (0, 6), (1, 4), (9, 2), (10, 2)];
    assert_eq!(filled(&world.log.latest(END).await.unwrap().buckets), expected);
    assert_eq!(filled(&world.log.history(END).await.unwrap().buckets), [(-10, 4), (0, 12), (10, 2)]);
    assert_eq!(world.totals(END).await.requests, 18);
}

#[test_waits::test]
async fn a_call_belongs_where_it_ended_by_its_beginning_and_its_run_time() {
    let world = World::new();
    world.clock.set(MIDNIGHT - 1000);
    let client = world.client.clone();
    let call = async { client.call(HANG, json!(["well"])).await.status };
    let around = async {
        world.entered(1).await;
        world.clock.pass(90_000);
        // Whatever the wall says now.
        world.clock.set(MIDNIGHT - 30 * MINUTE);
        world.gate.out.add_permits(1);
    };
    assert_eq!(tokio::join!(call, around).0, 200);
    world.clock.set(MIDNIGHT + 5 * MINUTE);
    let latest = world.log.latest(HANG).await.unwrap();
    assert_eq!(filled(&latest.buckets), [(1, 1)]);
    let bucket = latest.buckets.iter().find(|bucket| bucket.counts.requests > 0).unwrap();
    assert_eq!(bucket.mean(), Some(Duration::from_secs(90)));
    let [p99] = bucket.sketch.quantiles([0.99]).unwrap();
    assert!((89.0..91.0).contains(&p99.as_secs_f64()), "{p99:?}");
    let row = world.log.rows(None, 0, 1).await.unwrap().remove(0).call;
    assert_eq!((row.started.millis() - MIDNIGHT, row.finished().millis() - MIDNIGHT), (-1000, 89_000));
}

#[test_waits::test]
async fn every_bucket_is_there_oldest_first_also_of_a_method_that_nobody_called() {
    let world = World::new();
    world.clock.set(MIDNIGHT + 12_345);
    let latest = world.log.latest(END).await.unwrap();
    assert_eq!((latest.method.as_str(), latest.last_updated.millis()), (END, MIDNIGHT + 12_345));
    let minutes: Vec<i64> = latest.buckets.iter().map(|bucket| bucket.start.millis() - MIDNIGHT).collect();
    assert_eq!(minutes, (-60..0).map(|minute| minute * MINUTE).collect::<Vec<_>>());
    let history = world.log.history(END).await.unwrap();
    let tens: Vec<i64> = history.buckets.iter().map(|bucket| bucket.start.millis() - MIDNIGHT).collect();
    assert_eq!(tens, (-4319..=0).map(|ten| ten * 10 * MINUTE).collect::<Vec<_>>());
    for bucket in latest.buckets.iter().chain(&history.buckets) {
        assert_eq!((bucket.counts, bucket.mean(), bucket.sketch.quantiles([0.5])), (Counts::default(), None, None));
    }
}

#[test_waits::test]
async fn calls_leave_the_statistics_when_their_time_is_over() {
    let world = World::new();
    world.calls(3).await;
    for (minutes, in_latest, in_history) in
        [(0, 0, 3), (1, 3, 3), (60, 3, 3), (61, 0, 3), (30 * 24 * 60 - 1, 0, 3), (30 * 24 * 60, 0, 0)]
    {
        world.clock.set(MIDNIGHT + minutes * MINUTE);
        assert_eq!(requests(&world.log.latest(END).await.unwrap().buckets), in_latest, "{minutes}");
        assert_eq!(requests(&world.log.history(END).await.unwrap().buckets), in_history, "{minutes}");
        assert_eq!(world.totals(END).await.requests, in_history, "{minutes}");
        assert_eq!(world.log.rows(Some(END), 0, 10).await.unwrap().len() as u64, in_history, "{minutes}");
    }
}

#[test_waits::test]
async fn what_is_too_old_is_removed_in_the_background() {
    let store = Arc::new(MemoryLog::default());
    let world = World::over(Arc::clone(&store) as _);
    world.calls(3).await;
    world.clock.set(MIDNIGHT + 20 * DAY);
    world.calls(2).await;
    world.log.flush().await;
    world.clock.set(MIDNIGHT + 31 * DAY);
    let stop = tokio_util::sync::CancellationToken::new();
    let removed = async {
        until("old rows to be removed", || format!("{store:?}") == "MemoryLog { rows: 2, .. }").await;
        stop.cancel();
    };
    tokio::join!(world.log.maintain(stop.clone()), removed);
    assert_eq!(world.totals(END).await.requests, 2);
}
