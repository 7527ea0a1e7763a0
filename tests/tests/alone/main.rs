//! What is promised within a second, measured between processes with nothing else at work: Cargo runs one binary of tests after
//! the other, and the tests of this one wait for each other.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "the other binary uses more of it")]
#[path = "../it/http.rs"]
mod http;
#[expect(dead_code, reason = "the other binary uses more of it")]
#[path = "../it/faults/node.rs"]
mod node;
#[expect(dead_code, reason = "the other binary uses more of it")]
#[path = "../it/process.rs"]
mod process;
#[expect(dead_code, reason = "the other binary uses more of it")]
#[path = "../it/faults/socket.rs"]
mod socket;

mod known;
mod password;
mod revoked;
mod untold;

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

/// Within what a change on one node is effective on another, from its answer on.
const PROMISED: Duration = Duration::from_secs(1);

/// Waits until no other test is at work, and keeps others from it.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}
