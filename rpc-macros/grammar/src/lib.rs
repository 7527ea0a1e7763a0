//! What attributes say at compile time and options at run time, in one grammar. Depend on `rpc-core`, not on this crate.
//!
//! It is a crate of its own since a crate of macros exports macros only.

pub mod permission;
pub mod reserved;
pub mod units;
