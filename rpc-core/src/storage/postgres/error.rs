//! Why there is no database to work on.

use std::time::Duration;

use sqlx::migrate::MigrateError;
use thiserror::Error;

/// A database cannot be opened, or not be brought up to date. The texts are for operators; they hold no password.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The server did not answer for as long as it was waited for.
    #[error("Postgres at {address} does not answer within {} s: {source}", waited.as_secs())]
    Unreachable {
        /// Where it should be.
        address: String,
        /// How long it was waited for.
        waited: Duration,
        /// What it said last, or what the system said of it.
        #[source]
        source: sqlx::Error,
    },
    /// The server answered that it will not do: no such database, a wrong password.
    #[error("Postgres at {address} refuses: {reason}")]
    Refused {
        /// Where it is.
        address: String,
        /// What it said.
        reason: String,
    },
    /// A newer program has been at work on the database.
    #[error(
        "the database is newer than this program: {component} has migration {applied}, and this program knows {known}"
    )]
    Newer {
        /// Whose tables.
        component: &'static str,
        /// The newest migration of the database.
        applied: i64,
        /// The newest one of the program.
        known: i64,
    },
    /// What was done to the database is not what this program would have done: another program, or a changed one.
    #[error("the database is not one of this program: migration {version} of {component} differs from what was done")]
    Foreign {
        /// Whose tables.
        component: &'static str,
        /// The migration that differs.
        version: i64,
    },
    /// A migration failed. It left nothing behind.
    #[error("migration {version} of {component} failed and changed nothing: {source}")]
    Migration {
        /// Whose tables.
        component: &'static str,
        /// Which one.
        version: i64,
        /// What the server said.
        #[source]
        source: sqlx::Error,
    },
    /// Another node changes the schema, or seems to, and does not come to an end.
    #[error("{holder} holds the lock of the schema for {} s", waited.as_secs())]
    Locked {
        /// The process of the server that holds it, and whose it is.
        holder: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// There is no schema to make tables in.
    #[error("the search path of the role names no schema that exists and that it may use")]
    NoSchema,
    /// Somebody else owns tables that this application takes for its own: what they do with them runs as this application.
    #[error("tables of this application belong to others: {0}")]
    ForeignTables(String),
    /// The server stopped answering, or said no.
    #[error("Postgres fails: {0}")]
    Failed(#[from] sqlx::Error),
}

impl DatabaseError {
    /// What a migration of a component came to, whose newest one in this program is `known`.
    pub(super) fn migrating(component: &'static str, known: i64, error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(applied) if applied > known => Self::Newer { component, applied, known },
            MigrateError::VersionMissing(version)
            | MigrateError::VersionMismatch(version)
            | MigrateError::Dirty(version) => Self::Foreign { component, version },
            MigrateError::ExecuteMigration(source, version) => Self::Migration { component, version, source },
            MigrateError::Execute(error) => Self::Failed(error),
            other => Self::Failed(sqlx::Error::Migrate(Box::new(other))),
        }
    }
}
