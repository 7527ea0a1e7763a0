//! Nobody pushes others out of a queue that is full.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rpc_calllog::{CallLogOptions, CallLogStore, LoggedCall, RowQuery};
use rpc_core::{TestClient, Timestamp, User};
use serde_json::json;
use test_waits::{until, within};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::faults::{Fault, Faulty, patient};
use crate::world::{CLOSED, END, ENTRUSTED, World};

const FLOOD: &str = "203.0.113.7";

/// A world whose store waits to be let, with a call on its way to it, and room for a thousand.
async fn stuck() -> (World, Arc<Faulty>) {
    let store = Faulty::with(&[Fault::Waits]);
    let world = World::with(Arc::clone(&store) as _, CallLogOptions { queue_records: 1000, ..patient() });
    world.calls_from("198.51.100.1", END, 1).await;
    store.has_begun().await;
    (world, store)
}

/// The rows of a method, when all that waited is stored.
async fn stored(world: &World, store: &Faulty, method: &str) -> Vec<LoggedCall> {
    store.open.add_permits(1);
    let written = async {
        while world.log.counters().waiting > 0 {
            world.log.flush().await;
        }
        world.log.flush().await;
    };
    within(Duration::from_secs(60), "all to be written", written).await;
    let query = RowQuery { method: Some(method), since: Timestamp::default(), offset: 0, limit: 100_000 };
    store.inner.rows(&query).await.unwrap().into_iter().map(|row| row.call).collect()
}

/// How many came from an address.
fn from(calls: &[LoggedCall], address: &str) -> usize {
    let address = address.parse().unwrap();
    calls.iter().filter(|call| call.client == Some(address)).count()
}

/// How many are of a user.
fn of(calls: &[LoggedCall], id: &str) -> usize {
    calls.iter().filter(|call| call.caller.as_ref().is_some_and(|caller| &*caller.id == id)).count()
}

/// Calls a method as a user, some times.
async fn call(client: &TestClient, method: &str, count: usize, status: u16) {
    for _ in 0..count {
        assert_eq!(client.call(method, json!([])).await.status, status);
    }
}

fn user(world: &World, id: &str) -> TestClient {
    world.client.identity(User::new(id, "ann"))
}

#[test_waits::test]
async fn a_guest_who_floods_the_log_pushes_out_no_call_that_needed_a_permission() {
    let (world, store) = stuck().await;
    let keeper = world.keeper("9");
    for _ in 0..151 {
        world.calls_from(FLOOD, END, 40).await;
        call(&keeper, ENTRUSTED, 1, 200).await;
    }
    assert_eq!(stored(&world, &store, ENTRUSTED).await.len(), 151);
    let flooded = from(&stored(&world, &store, END).await, FLOOD);
    // Half of the five eighths that guests may have.
    assert!((250..=313).contains(&flooded), "{flooded}");
    assert_eq!(world.log.drops(), [(END, 151 * 40 - flooded as u64)]);
}

#[test_waits::test]
async fn a_guest_who_floods_the_log_pushes_out_neither_other_guests_nor_users() {
    let (world, store) = stuck().await;
    world.calls_from(FLOOD, END, 5000).await;
    for number in 0..20 {
        world.calls_from(&format!("192.0.2.{number}"), END, 5).await;
    }
    call(&user(&world, "5"), CLOSED, 100, 200).await;
    assert_eq!(stored(&world, &store, CLOSED).await.len(), 100);
    let calls = stored(&world, &store, END).await;
    for number in 0..20 {
        assert_eq!(from(&calls, &format!("192.0.2.{number}")), 5);
    }
}

#[test_waits::test]
async fn many_networks_that_flood_push_out_no_user_and_a_user_who_floods_no_other() {
    let (world, store) = stuck().await;
    for number in 0..250 {
        world.calls_from(&format!("10.0.{number}.1"), END, 40).await;
    }
    call(&user(&world, "5"), CLOSED, 500, 200).await;
    call(&user(&world, "6"), CLOSED, 30, 200).await;
    call(&world.keeper("9"), ENTRUSTED, 120, 200).await;
    let calls = stored(&world, &store, CLOSED).await;
    assert!((50..100).contains(&of(&calls, "5")), "{}", of(&calls, "5"));
    assert_eq!((of(&calls, "6"), stored(&world, &store, ENTRUSTED).await.len()), (30, 120));
}

#[test_waits::test]
async fn addresses_of_one_network_have_one_share() {
    let (world, store) = stuck().await;
    for number in 0..1000 {
        world.calls_from(&format!("2001:db8:0:1::{number:x}"), END, 2).await;
    }
    let flooded = stored(&world, &store, END).await.len() - 1;
    assert!((250..=313).contains(&flooded), "{flooded}");
}

#[test_waits::test]
async fn a_call_that_was_refused_for_want_of_a_permission_is_not_privileged() {
    let (world, store) = stuck().await;
    world.calls_from(FLOOD, ENTRUSTED, 2000).await;
    call(&user(&world, "5"), ENTRUSTED, 2000, 403).await;
    call(&world.keeper("9"), ENTRUSTED, 120, 200).await;
    assert_eq!(of(&stored(&world, &store, ENTRUSTED).await, "9"), 120);
}

#[test_waits::test]
async fn what_needed_a_permission_is_written_first_and_rows_keep_their_order() {
    let store = Faulty::with(&[Fault::Waits, Fault::Waits]);
    let options = CallLogOptions { batch: 10, ..patient() };
    let world = World::with(Arc::clone(&store) as _, options);
    world.calls_from(FLOOD, END, 1).await;
    store.has_begun().await;
    world.calls_from(FLOOD, END, 30).await;
    call(&world.keeper("9"), ENTRUSTED, 5, 200).await;
    world.calls_from(FLOOD, END, 1).await;
    // The second batch is the first one of those that waited.
    store.open.add_permits(2);
    until("two batches to be written", || world.log.counters().written >= 11).await;
    let query = RowQuery { method: None, since: Timestamp::default(), offset: 0, limit: 100 };
    let rows = store.inner.rows(&query).await.unwrap();
    let written: Vec<&str> = rows.iter().skip(rows.len() - 11).map(|row| &*row.call.method).collect();
    assert_eq!(written.iter().filter(|method| **method == ENTRUSTED).count(), 5, "{written:?}");
    assert_eq!(written[..5], [ENTRUSTED; 5], "they ended last");
}

/// What a log line says.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn dropped(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|line| line.contains("calllog.dropped")).cloned().collect()
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!("{}={value:?} ", field.name());
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// How many calls a line tells of.
fn count(line: &str) -> u64 {
    line.split_once("dropped=").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok()).unwrap()
}

#[ignore = "beside other tests of the process its subscriber may hear nothing: run it by itself, with --ignored"]
#[test_waits::test]
async fn what_is_dropped_is_told_by_method_while_the_store_still_hangs() {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    // Another test may have told of drops at this very moment, to nobody.
    tracing::callsite::rebuild_interest_cache();
    let (world, _store) = stuck().await;
    world.calls_from(FLOOD, END, 1000).await;
    let [(END, dropped)] = world.log.drops()[..] else { panic!("{:?}", world.log.drops()) };
    // The first line is of the first drop; what came within the second after it is in the next one.
    until("all drops to be told", || lines.dropped().iter().map(|line| count(line)).sum::<u64>() >= dropped).await;
    let told = lines.dropped();
    assert!(told.len() <= 2, "{told:?}");
    assert!(told.iter().all(|line| line.contains(&format!("{END}: {}", count(line)))), "{told:?}");
    assert_eq!((told.iter().map(|line| count(line)).sum::<u64>(), world.log.counters().written), (dropped, 0));
}
