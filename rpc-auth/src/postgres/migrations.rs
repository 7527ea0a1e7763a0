//! The tables, and how they came to be.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The table that says which migrations a database has.
const TABLE: &str = "_rpc_auth_migrations";

/// Each with its version and name. What was released is never changed: databases remember its checksum.
const MIGRATIONS: [(i64, &str, &str); 5] = [
    (1, "accounts", include_str!("../../migrations/0001_accounts.sql")),
    (2, "bus", include_str!("../../migrations/0002_bus.sql")),
    (3, "changes", include_str!("../../migrations/0003_changes.sql")),
    (4, "notices", include_str!("../../migrations/0004_notices.sql")),
    (5, "networks", include_str!("../../migrations/0005_networks.sql")),
];

/// Makes the tables, or brings them up to date. It remembers what it did in a table of its own, `_rpc_auth_migrations`.
///
/// It locks the database against others that migrate at the same time; an application that holds a lock of its own over
/// several migrators sets [`Migrator::set_locking`].
#[must_use]
pub fn migrator() -> Migrator {
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(MIGRATIONS.map(migration).into());
    migrator.dangerous_set_table_name(TABLE);
    migrator
}
