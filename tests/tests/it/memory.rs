//! Memory that a running server takes, and gives back or uses again.

use serde_json::json;
use tokio::task::JoinSet;

use crate::http::call;
use crate::process::{Running, command};

/// Of one hash, in KiB.
const HASH: u64 = 4 * 1024;
/// Hashes at once.
const PARALLEL: u64 = 2;
/// What else a server that has worked may hold, in KiB.
const ELSE: u64 = 16 * 1024;

/// The memory of a process that is not only promised to it, in KiB.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn sign_ins_leave_no_more_behind_than_the_memory_of_those_at_once() {
    let mut app = command("app-template", &["-p", "0"]);
    app.env("APP_ROOT_PASSWORD", "correct horse battery").env("APP_HASH_ITERATIONS", "1");
    app.env("APP_HASH_MEMORY", format!("{HASH} KiB")).env("APP_HASH_PARALLEL", PARALLEL.to_string());
    let (mut running, address) = Running::serve(&mut app).await;
    running.read_on();
    // Whatever else is made once is made now; one hash was computed for root.
    assert_eq!(call(&address, "/v1/test/test", json!(["x"])).await.0, 200);
    let idle = resident(running.id());
    for _ in 0..15 {
        let mut at_once = JoinSet::new();
        for _ in 0..4 {
            let (address, credentials) =
                (address.clone(), json!([{"username": "root", "password": "correct horse battery"}]));
            at_once.spawn(async move { call(&address, "/v1/session/signin", credentials).await.0 });
        }
        assert_eq!(at_once.join_all().await, [200; 4]);
    }
    let after = resident(running.id());
    assert!(after <= idle + PARALLEL * HASH + ELSE, "{idle} KiB before 60 sign-ins, {after} KiB after");
}
