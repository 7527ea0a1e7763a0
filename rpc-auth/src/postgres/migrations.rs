//! The tables, and how they came to be.

use rpc_core::storage;
use sqlx::migrate::Migrator;

/// The table that says which migrations a database has.
const TABLE: &str = "_rpc_auth_migrations";

/// Each with its version and purpose. What was released is never changed: databases remember its checksum.
const MIGRATIONS: [(i64, &str, &str); 6] = [
    (1, "accounts", include_str!("../../migrations/0001_accounts.sql")),
    (2, "bus", include_str!("../../migrations/0002_bus.sql")),
    (3, "changes", include_str!("../../migrations/0003_changes.sql")),
    (4, "notices", include_str!("../../migrations/0004_notices.sql")),
    (5, "networks", include_str!("../../migrations/0005_networks.sql")),
    (6, "notices of the bus", include_str!("../../migrations/0006_bus.sql")),
];

/// Makes the tables, or brings them up to date; after [`PgBus::migrator`](storage::postgres::PgBus::migrator), which makes what
/// their triggers announce changes with. It remembers what it did in a table of its own, `_rpc_auth_migrations`.
#[must_use]
pub fn migrator() -> Migrator {
    storage::migrator(TABLE, &MIGRATIONS)
}
