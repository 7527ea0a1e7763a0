//! Tokens, passwords, names and delays, seen from outside.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod authenticator;
mod fixed;
mod memory;
mod names;
mod password;
mod postgres;
mod throttle;
mod token;
