//! Which storages outlive the process, and what people are told of them.

/// What a URL of a database is, where something else was given.
pub(crate) const EXPECTED: &str = "the URL of a Postgres database, such as postgres://user@host/name";

/// What the option is for.
pub(crate) const HELP: &str =
    "Postgres database to keep everything in, such as postgres://user@host/name; without one all is in memory";

/// The way out for somebody who named none.
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
