//! What a database counts, whichever it is.

use std::sync::Arc;
use std::time::Duration;

/// The connections of this node to its database, and the notices that nodes tell each other over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DatabaseCounts {
    /// Connections for calls that are open now.
    pub connections: usize,
    /// Of these, those that are not in use.
    pub idle: usize,
    /// Connections for calls that may be open.
    pub max: usize,
    /// Notices of this node that the database took.
    pub sent: u64,
    /// Notices of this node that the database did not take, or did not confirm in time.
    pub unsent: u64,
    /// Notices of other nodes, or of the database, that this one heard.
    pub heard: u64,
    /// How often this node had to assume that it missed some.
    pub missed: u64,
    /// How often it began to listen for bells: once at the start, and again after each loss.
    pub listens: u64,
    /// Notifications that none of the nodes sent.
    pub forged: u64,
    /// How long ago the last read of notices was begun that came to its end.
    pub heartbeat_age: Option<Duration>,
}

/// Reads what a database counts, now.
pub(crate) type DatabaseCounter = Arc<dyn Fn() -> DatabaseCounts + Send + Sync>;
