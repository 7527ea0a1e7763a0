//! How much memory a user with an API token takes in the store in memory: `cargo bench -p rpc-auth --bench users-memory`.
//! Needs Linux, which tells how much a process has.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]
#![expect(clippy::print_stdout, reason = "it is what this is for")]

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;

use rpc_auth::{ApiTokenStore, Authority, Grants, MemoryStore, NewUser, PasswordHash, TokenHash, UserStore};
use rpc_core::Timestamp;

const USERS: usize = 100_000;
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// Bytes of the process that are in memory.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024
}

/// With all that a user may have, and one permission.
fn user(number: usize) -> NewUser {
    NewUser {
        name: format!("anna.novak.{number}"),
        password: PasswordHash::from_phc(&"x".repeat(97)),
        email: Some(format!("anna.novak.{number}@example.com")),
        telegram_name: Some(format!("annanovak{number}")),
        enabled: true,
        permissions: Grants(BTreeMap::from([("admin".to_owned(), true)])),
        created: NOW,
        by: Authority::Application,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let store = MemoryStore::default();
    let before = resident();
    for number in 0..USERS {
        let user = store.create_user(user(number)).await.unwrap();
        let hash = TokenHash::of(&number.to_string());
        store.create_api_token(user.id, "nightly import", hash, NOW, 100, &Authority::Application).await.unwrap();
    }
    println!("{} bytes a user with a token, of {USERS}", (resident() - before) / USERS);
    black_box(store);
}
