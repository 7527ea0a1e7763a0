//! The words for callers that have a meaning without being declared as permissions.

/// Everybody: who has an account, and guests too.
pub const EVERYBODY: &str = "*";
/// Callers without an account.
pub const GUEST: &str = "guest";
/// Callers with an account.
pub const USER: &str = "user";
/// The user who may do everything.
pub const ROOT: &str = "root";
/// One user, whom an event names when it is published.
pub const SELF: &str = "self";
