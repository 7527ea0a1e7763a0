//! The bus over Postgres: what every bus does, and what becomes of it when its connections fail.

mod faults;
mod identities;
mod world;

use std::sync::Arc;

use rpc_auth::postgres::{PgBus, migrator};
use rpc_core::Bus;
use test_postgres::TestDatabase;
use tokio_util::task::TaskTracker;

pub(crate) use self::world::until;

async fn migrated() -> TestDatabase {
    TestDatabase::migrated("bus", async |pool| migrator().run(&pool).await.unwrap()).await
}

rpc_core::bus_conformance!(conforms, async {
    let (database, tasks) = (migrated().await, TaskTracker::new());
    let node = || -> Arc<dyn Bus> { Arc::new(PgBus::start(database.options(), &tasks).unwrap()) };
    (node(), node(), database)
});
