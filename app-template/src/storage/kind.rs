//! The kinds of storage that outlive the process, and the texts about them.

/// What is expected, where something else than the URL of a database was given.
pub(crate) const EXPECTED: &str = "the URL of a Postgres database, such as postgres://user@host/name";

/// What the option is for.
pub(crate) const HELP: &str =
    "Postgres database to keep everything in, such as postgres://user@host/name; without one all is in memory";

/// What to try where no database was named.
pub(super) const TRY: &str = "--database-url postgres://user@host/name";

/// A storage that outlives the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
}

impl Kind {
    /// The kind that a URL with this scheme names.
    pub(crate) fn of(scheme: &str) -> Option<Self> {
        match scheme {
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }
}
