//! Strangers with many connections, against a server with the limits that it has by default: what it holds for them stays within
//! the documented sum of its budgets, and others are served meanwhile. Cargo runs one binary of tests after the other, and the
//! tests of this one wait for each other.
//!
//! Each prints what it measured: `cargo test -p e2e-tests --test attacks -- --nocapture`. With `ATTACK_SECONDS=300` those that
//! hold something go on for so long, with the times that a server has by default.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and tells"
)]

#[expect(dead_code, reason = "the other binary uses more of it")]
#[path = "../it/http.rs"]
mod http;
#[expect(dead_code, reason = "the other binary uses more of it")]
#[path = "../it/process.rs"]
mod process;

mod bystander;
mod refused;
mod server;
mod unread;
mod windows;

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

/// What a server may hold with the limits that it has by default (docs/security.md).
const MAX_RESIDENT: u64 = 512 * 1024 * 1024;

/// Waits until no other test is at work, and keeps others from it.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// For how long an attack goes on that could go on for ever; `None`: long enough for a test.
fn duration() -> Option<Duration> {
    #[expect(clippy::disallowed_methods, reason = "it says how long a test takes")]
    let seconds = std::env::var("ATTACK_SECONDS").ok()?;
    Some(Duration::from_secs(seconds.parse().expect("ATTACK_SECONDS is a number of seconds")))
}
