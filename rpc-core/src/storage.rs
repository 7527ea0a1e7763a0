//! What the stores of all crates have in common: the error of a storage that does not answer and, behind a feature for each
//! database, what is the same whatever is stored there.
//!
//! | feature | module | what it has |
//! | --- | --- | --- |
//! | `postgres` | `storage::postgres` | reaching a server and waiting for it, connections, migrations under one lock, a bus between nodes |
//!
//! There is no dialect and no query builder: a crate that owns tables has a module for each database, with its own SQL, its own
//! migrations and a migration table of its own (`storage::migrator` makes what runs them), and one conformance suite over them all.

#[cfg(feature = "postgres")]
pub mod postgres;

use std::error::Error;
use std::time::Duration;

#[cfg(feature = "postgres")]
use sqlx::SqlSafeStr;
#[cfg(feature = "postgres")]
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::error::ApiError;
use crate::method::errors::MethodError;

/// How soon a call may be made again that failed because of the storage.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The storage does not answer, or answers nonsense.
#[derive(Debug, thiserror::Error)]
#[error("the storage is unavailable")]
pub struct StoreError(#[source] pub Box<dyn Error + Send + Sync>);

/// The caller gets 503; the log has the cause.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::unavailable(error, RETRY_AFTER)
    }
}

impl MethodError for StoreError {}

#[cfg(feature = "postgres")]
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self(Box::new(error))
    }
}

/// The tables of one crate in a database, and how far they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Whose they are.
    pub name: &'static str,
    /// How many migrations were done.
    pub applied: usize,
    /// What is still to be done: number and purpose.
    pub pending: Vec<(i64, String)>,
}

/// A migrator, which makes the tables of one crate or brings them up to date, by migrations with their version, purpose and SQL.
/// `table` remembers which were done; each crate has one of its own. What was released is never changed: databases remember its
/// checksum.
///
/// It locks the database against others that migrate at the same time. An application that holds a lock of its own over several
/// migrators turns that off ([`Migrator::set_locking`]).
#[cfg(feature = "postgres")]
#[must_use]
pub fn migrator(table: &'static str, migrations: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |&(version, purpose, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, purpose.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(migrations.iter().map(migration).collect());
    migrator.dangerous_set_table_name(table);
    migrator
}
