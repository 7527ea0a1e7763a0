//! The store in Postgres.

mod announcements;
mod identities;
mod migrations;
mod plans;
mod promoted;
mod races;
mod shut_out;
mod values;

use std::time::Duration;

use rpc_auth::conformance::Guarded;
use rpc_auth::postgres::{PgStore, migrator};
use rpc_core::storage::postgres::PgBus;
use sqlx::PgPool;
use test_postgres::{TestDatabase, lay_traps};

/// Connections of a test: enough for what meets, fewer than what waits.
const CONNECTIONS: u32 = 8;

/// How long something may take before it counts as never.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Makes the tables, and those of the bus that their triggers announce changes to.
async fn migrate(pool: &PgPool) {
    PgBus::migrator().run(pool).await.unwrap();
    migrator().run(pool).await.unwrap();
}

async fn migrated() -> TestDatabase {
    TestDatabase::migrated("accounts", async |pool| migrate(&pool).await).await
}

rpc_auth::account_store_conformance!(conforms, async {
    let database = migrated().await;
    Guarded { store: PgStore::new(database.pool(CONNECTIONS).await), guard: database }
});

/// Others may make functions and operators in the schema of the tables, and have.
async fn trapped() -> TestDatabase {
    let prepare = async |pool| {
        migrate(&pool).await;
        lay_traps(&pool).await;
    };
    TestDatabase::migrated("trapped accounts", prepare).await
}

rpc_auth::account_store_conformance!(conforms_and_runs_no_code_of_others, async {
    let database = trapped().await;
    Guarded { store: PgStore::new(database.pool(CONNECTIONS).await), guard: database }
});
