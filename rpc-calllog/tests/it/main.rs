//! The call log, seen from outside.

mod memory;
mod postgres;
