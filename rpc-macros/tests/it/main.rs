//! What the macros accept, refuse and say.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected ends there")]

mod event;
mod method;
mod read;
mod ui;
