//! The call log, seen from outside.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod clocks;
mod faults;
mod limits;
mod memory;
mod postgres;
mod shares;
mod sums;
mod world;
