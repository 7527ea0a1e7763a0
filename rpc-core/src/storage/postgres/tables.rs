//! The tables in a database, and the crates that they belong to.

use sqlx::migrate::Migrator;

/// The tables of one crate.
#[derive(Debug, Clone, Copy)]
pub struct Tables {
    /// Whose they are, for operators.
    pub name: &'static str,
    /// What their names begin with.
    pub prefix: &'static str,
    /// Makes the tables, or brings them up to date.
    pub migrator: fn() -> Migrator,
}
