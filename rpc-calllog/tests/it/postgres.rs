//! The store in Postgres.

use rpc_calllog::conformance::Guarded;
use rpc_calllog::postgres::{PgLog, migrator};
use test_postgres::TestDatabase;

/// Connections of a test: enough for what meets, fewer than what waits.
const CONNECTIONS: u32 = 8;

async fn migrated() -> TestDatabase {
    TestDatabase::migrated("calllog", async |pool| migrator().run(&pool).await.unwrap()).await
}

rpc_calllog::call_log_conformance!(conforms, async {
    let database = migrated().await;
    Guarded { store: PgLog::new(database.pool(CONNECTIONS).await), guard: database }
});
