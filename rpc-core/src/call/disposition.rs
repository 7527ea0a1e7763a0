//! How far a call came.

/// How far a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// The handler ended, well or with an error.
    Finished,
    /// Refused before the handler: credentials, permission, parameters.
    Refused,
    /// Refused by a limit, or because the server stops.
    Declined,
    /// The caller went away.
    Cancelled,
    /// The handler panicked.
    Panicked,
    /// The handler was dropped because its time was up.
    TimedOut,
}
