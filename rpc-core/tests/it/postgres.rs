//! The ground on Postgres, and the bus over it: what every bus does, and what becomes of it when its connections fail.

mod faults;
mod strangers;
mod world;

use std::sync::Arc;

use rpc_core::Bus;
use rpc_core::storage::postgres::PgBus;
use test_postgres::{TestDatabase, lay_traps};
use tokio_util::task::TaskTracker;

async fn migrated() -> TestDatabase {
    TestDatabase::migrated("bus", async |pool| PgBus::migrator().run(&pool).await.unwrap()).await
}

rpc_core::bus_conformance!(conforms, async {
    let (database, tasks) = (migrated().await, TaskTracker::new());
    let node = || -> Arc<dyn Bus> { Arc::new(PgBus::start(database.options(), &tasks)) };
    (node(), node(), database)
});

/// Others may make functions and operators in the schema of the table, and have.
async fn trapped() -> TestDatabase {
    let prepare = async |pool| {
        PgBus::migrator().run(&pool).await.unwrap();
        lay_traps(&pool).await;
    };
    TestDatabase::migrated("trapped bus", prepare).await
}

rpc_core::bus_conformance!(conforms_and_runs_no_code_of_others, async {
    let (database, tasks) = (trapped().await, TaskTracker::new());
    let node = || -> Arc<dyn Bus> { Arc::new(PgBus::start(database.options(), &tasks)) };
    (node(), node(), database)
});
