//! Sums are exact, whichever way calls come in, also in Postgres.

use std::sync::Arc;

use rpc_calllog::postgres::PgLog;
use rpc_calllog::{CallLog, CallLogOptions};
use serde_json::{Value, json};

use super::{CONNECTIONS, migrated};
use crate::sums::{WAYS, assert_exact, calls, make};
use crate::world::{HandClock, LIMITED, MIDNIGHT, World};

#[test_waits::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_accepted_five_failed_and_three_declined_calls_show_as_that_in_every_way() {
    for (way, transport) in WAYS {
        let database = migrated().await;
        let world = World::over(Arc::new(PgLog::new(database.pool(CONNECTIONS).await)));
        let calls: Vec<Value> = calls().into_iter().map(|how| json!([how])).collect();
        make(&world, way, LIMITED, &calls).await;
        world.written(53).await;
        let rows = assert_exact(&world.log, &world.clock, 1).await;
        assert_eq!(rows.len(), 53, "{way:?}");
        assert!(rows.iter().all(|row| row.call.transport == transport), "{way:?}");
    }
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_two_nodes_log_is_exact_to_a_third_that_reads() {
    let database = migrated().await;
    let store = async || Arc::new(PgLog::new(database.pool(CONNECTIONS).await));
    let nodes = [World::over(store().await), World::over(store().await)];
    for how in calls() {
        for node in &nodes {
            node.call(LIMITED, json!([how])).await;
        }
    }
    tokio::join!(nodes[0].written(53), nodes[1].written(53));
    let clock = HandClock::at(MIDNIGHT);
    let reader = CallLog::start(store().await, Arc::clone(&clock) as _, CallLogOptions::default());
    assert_eq!(assert_exact(&reader, &clock, 2).await.len(), 106);
}
