//! The workspace from outside: real processes, real sockets, real signals, and what the documents promise.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod commands;
mod configuration;
mod documents;
mod faults;
mod first_run;
mod http;
mod javascript_client;
mod log;
mod mails_at_stop;
mod memory;
mod metrics;
mod nginx;
mod outgoing;
mod process;
mod program;
mod refused_bodies;
mod rings;
mod serve;
mod storage;
mod terminal;
mod transcript;
mod transcripts;
