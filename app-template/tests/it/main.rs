//! What the methods of the application do.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected ends there")]

mod database;
mod document;
mod mail;
mod metrics;
mod scenario;
mod scenarios;
mod security;
mod settings;
mod world;
