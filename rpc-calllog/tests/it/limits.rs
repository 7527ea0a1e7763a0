//! Limits of concurrency, and what runs, are exact, whatever becomes of calls.

use rpc_calllog::Counts;
use rpc_core::{TestClient, User};
use serde_json::json;
use test_waits::soon;
use tokio::task::JoinSet;

use crate::world::{HANG, World};

/// Starts calls at once, each in a task of its own.
fn start(clients: &[TestClient], count: usize, how: &'static str) -> JoinSet<u16> {
    let mut calls = JoinSet::new();
    for number in 0..count {
        let client = clients[number % clients.len()].clone();
        calls.spawn(async move { client.call(HANG, json!([how])).await.status });
    }
    calls
}

/// The status of the next call that ends.
async fn next(calls: &mut JoinSet<u16>) -> Option<u16> {
    soon("the end of a call", calls.join_next()).await.map(Result::unwrap)
}

/// Starts a hundred calls at once, of which `admitted` stay, and sees the others declined.
async fn fill(world: &World, clients: &[TestClient], admitted: usize, how: &'static str) -> JoinSet<u16> {
    let mut calls = start(clients, 100, how);
    for _ in admitted..100 {
        assert_eq!(next(&mut calls).await, Some(429));
    }
    world.entered(admitted as u32).await;
    assert_eq!(world.api.method(HANG).unwrap().active_calls(), admitted as u32);
    calls
}

fn users(world: &World, count: usize) -> Vec<TestClient> {
    let user = |number: usize| world.client.identity(User::new(&number.to_string(), "somebody"));
    (0..count).map(user).collect()
}

#[test_waits::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_hundred_calls_at_once_as_many_run_as_may_also_after_cancelled_and_panicked_ones() {
    let world = World::new();
    for (users, admitted) in [(users(&world, 50), 10), (users(&world, 1), 7)] {
        for how in ["cancelled", "panic", "fault", "well", "cancelled", "well"] {
            let mut calls = fill(&world, &users, admitted, how).await;
            if how == "cancelled" {
                calls.shutdown().await;
            } else {
                world.gate.out.add_permits(admitted);
                while let Some(status) = next(&mut calls).await {
                    assert_eq!(status, if how == "well" { 200 } else { 500 });
                }
            }
            assert_eq!(world.api.method(HANG).unwrap().active_calls(), 0, "{how}");
        }
    }
    let counts = world.totals(HANG).await;
    let accepted = 6 * (10 + 7);
    let (declined, cancelled, exceptions) = (1200 - accepted, 2 * (10 + 7), 2 * (10 + 7));
    let errors = declined + cancelled + exceptions;
    assert_eq!(counts, Counts { requests: 1200, accepted, declined, errors, exceptions, ..Counts::default() });
    let rows = world.log.rows(Some(HANG), 0, 2000).await.unwrap();
    let aborted = rows.iter().filter(|row| (row.call.status, &*row.call.reason) == (499, "Aborted"));
    assert_eq!((rows.len(), aborted.count()), (1200, cancelled as usize));
}
