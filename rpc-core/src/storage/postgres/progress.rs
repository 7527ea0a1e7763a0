//! What opening a database waits for, or does.

use std::fmt;
use std::time::Duration;

/// Takes the steps of opening a database, for somebody who watches.
pub type Report<'a> = &'a (dyn Fn(Progress<'_>) + Sync);

/// One step.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// The server does not answer yet.
    Waiting {
        /// Where it should be.
        address: &'a str,
        /// What it said, or what the system said of it.
        error: &'a str,
        /// How long it has waited.
        waited: Duration,
        /// How long it may wait.
        limit: Duration,
    },
    /// Another node changes the schema.
    Locked {
        /// The process of the server that holds the lock, and whose it is.
        holder: &'a str,
        /// How long it has waited.
        waited: Duration,
        /// How long it may wait.
        limit: Duration,
    },
    /// A migration begins.
    Migrating {
        /// Whose it is.
        component: &'a str,
        /// What it is for.
        description: &'a str,
        /// Which one of those that are pending, from 1.
        number: usize,
        /// How many are pending.
        of: usize,
    },
}

impl Progress<'_> {
    /// The name of the event that logs it.
    #[must_use]
    pub fn event(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "storage.waiting",
            Self::Locked { .. } => "migrate.locked",
            Self::Migrating { .. } => "migrate.step",
        }
    }
}

impl fmt::Display for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting { address, error, waited, limit } => {
                write!(f, "waiting for Postgres at {address}, {} of {} s: {error}", waited.as_secs(), limit.as_secs())
            }
            Self::Locked { holder, waited, limit } => {
                let (waited, limit) = (waited.as_secs(), limit.as_secs());
                write!(f, "waiting for another node that changes the schema, {waited} of {limit} s: {holder}")
            }
            Self::Migrating { component, description, number, of } => {
                write!(f, "migration {number}/{of}: {component}, {description}")
            }
        }
    }
}
