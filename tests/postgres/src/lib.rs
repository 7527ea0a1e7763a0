//! Postgres for tests: a throw-away cluster, and a database of its own for each test.
//!
//! A test that needs a database calls [`TestDatabase::empty`], or [`TestDatabase::migrated`] for a copy of a database that was
//! prepared once. All of them are in one cluster of the process, in a temporary folder, that listens on a socket there and on
//! no port; or on the server that the variable `DATABASE_URL` names. A test that stops or kills its server starts a
//! [`Cluster`] of its own.
//!
//! A missing Postgres is a failure, and its text says what to do.

mod binaries;
mod cluster;
mod database;
mod guard;
mod process;
mod traps;

pub use crate::binaries::{Binaries, NoPostgres};
pub use crate::cluster::{Cluster, StopMode};
pub use crate::database::TestDatabase;
pub use crate::process::Stopped;
pub use crate::traps::lay_traps;
