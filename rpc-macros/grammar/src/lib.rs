//! What attributes say at compile time and options at run time, in one grammar. Depend on `rpc-core`, not on this crate.
//!
//! It is a crate of its own since a crate of macros exports macros only.

pub mod nearest;
pub mod own_error;
pub mod path;
pub mod permission;
pub mod reserved;
pub mod units;
