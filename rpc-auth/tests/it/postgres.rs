//! The store in Postgres.

mod announcements;
mod identities;
mod migrations;
mod plans;
mod promoted;
mod races;
mod shut_out;
mod values;

use rpc_auth::postgres::{PgStore, migrator};
use rpc_core::storage::postgres::PgBus;
use sqlx::PgPool;
use test_postgres::{TestDatabase, lay_traps};

/// Connections of a test: enough for what meets, fewer than what waits.
const CONNECTIONS: u32 = 8;

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
    (PgStore::new(database.pool(CONNECTIONS).await), database)
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
    (PgStore::new(database.pool(CONNECTIONS).await), database)
});
