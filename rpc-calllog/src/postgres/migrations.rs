//! The tables, and how they came to be.

use rpc_core::storage;
use sqlx::migrate::Migrator;

/// The table that says which migrations a database has.
const TABLE: &str = "_rpc_calllog_migrations";

/// Each with its version and purpose. What was released is never changed: databases remember its checksum.
const MIGRATIONS: [(i64, &str, &str); 2] = [
    (1, "call log", include_str!("../../migrations/0001_call_log.sql")),
    (2, "request ids", include_str!("../../migrations/0002_request_ids.sql")),
];

/// Makes the tables, or brings them up to date. It remembers what it did in a table of its own, `_rpc_calllog_migrations`.
#[must_use]
pub fn migrator() -> Migrator {
    storage::migrator(TABLE, &MIGRATIONS)
}
