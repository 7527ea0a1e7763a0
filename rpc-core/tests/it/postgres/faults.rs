//! Connections that are ended, that stand still, that cannot be had; a table that grows; an end in order.

use std::time::Duration;

use rpc_core::storage::postgres::PgBus;
use rpc_core::{Bus, Notice};
use rustix::process::{Signal, kill_process};
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Executor, PgPool};
use test_postgres::{StopMode, Stopped};
use test_waits::soon;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::migrated;
use super::world::{LISTENS, SENDS, World, until};

/// What an announcement may take when nothing answers.
const BOUND: Duration = Duration::from_secs(8);

fn user(id: &str) -> Notice {
    Notice::User(id.into())
}

#[test_waits::test]
async fn a_node_whose_connection_is_ended_has_missed_something_and_reads_again() {
    let world = World::new().await;
    let mut there = world.node().await;
    let backend = world.backends(SENDS).await[0];
    let here = world.node().await;
    assert_eq!((there.hears().await.0, there.missed()), (Notice::Missed, vec![]), "a node has started");
    world.terminate(backend).await;
    let told = [there.hears().await, there.hears().await];
    assert_eq!(
        told,
        [(Notice::Missed, false), (Notice::Missed, false)],
        "once when it is lost, once when it reads again, before it is trusted"
    );
    there.is_current_soon().await;
    here.reaches(&mut there, "7").await;
    assert!(there.missed().is_empty());
}

#[test_waits::test]
async fn a_node_whose_bells_are_lost_hears_all_the_same_and_listens_again() {
    let world = World::new().await;
    let mut there = world.node().await;
    let backend = world.backends(LISTENS).await[0];
    let here = world.node().await;
    assert_eq!((there.hears().await.0, there.missed()), (Notice::Missed, vec![]), "a node has started");
    let stands_still = Stopped::process(backend);
    for number in 0..3 {
        here.bus.announce(user(&number.to_string())).await.unwrap();
        assert_eq!(there.hears().await, (user(&number.to_string()), true));
    }
    world.terminate(backend).await;
    drop(stands_still);
    until("listens again", async || there.bus.counters().connections == 2).await;
    here.bus.announce(user("3")).await.unwrap();
    assert_eq!(there.hears().await, (user("3"), true));
    assert_eq!((there.missed(), here.bus.counters().connections), (vec![], 1));
}

#[test_waits::test]
async fn a_stopped_server_is_told_apart_in_time_and_comes_back() {
    let world = World::new().await;
    let (mut here, mut there) = (world.node().await, world.node().await);
    here.reaches(&mut there, "1").await;
    world.cluster.stop(StopMode::Fast);
    until("not current", async || !here.bus.is_current() && !there.bus.is_current()).await;
    while here.hears().await.0 != Notice::Missed {}
    let began = Instant::now();
    here.bus.announce(user("2")).await.unwrap_err();
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
    while here.hears().await.0 != user("2") {}
    assert!(here.bus.counters().unsent > 0 && !here.bus.is_current());
    world.cluster.start_again();
    here.is_current_soon().await;
    there.is_current_soon().await;
    here.reaches(&mut there, "3").await;
    there.reaches(&mut here, "4").await;
}

#[test_waits::test]
async fn a_connection_that_stands_still_ends_trust_within_a_second() {
    let world = World::new().await;
    let mut there = world.node().await;
    let backend = world.backends(SENDS).await[0];
    let here = world.node().await;
    there.hears().await;
    there.missed();
    let stands_still = Stopped::process(backend);
    let stopped = Instant::now();
    // A read that was begun before may still be on its way.
    until("not current", async || !there.bus.is_current()).await;
    let age = there.bus.counters().heartbeat_age.unwrap();
    assert!(stopped.elapsed() < Duration::from_millis(1_500), "{:?}", stopped.elapsed());
    assert!(age >= Duration::from_millis(500), "{age:?}");
    there.is_current_soon().await;
    here.reaches(&mut there, "7").await;
    drop(stands_still);
    here.reaches(&mut there, "8").await;
}

#[test_waits::test]
async fn what_could_not_be_announced_is_owed_to_others_as_missed() {
    let world = World::new().await;
    let (here, mut there) = (world.node().await, world.node().await);
    here.reaches(&mut there, "6").await;
    // Nobody writes; whoever reads goes on.
    let mut held = world.pool().begin().await.unwrap();
    held.execute("LOCK TABLE rpc_bus_notices IN EXCLUSIVE MODE").await.unwrap();
    let began = Instant::now();
    here.bus.announce(user("7")).await.unwrap_err();
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
    assert!(there.missed().is_empty());
    held.rollback().await.unwrap();
    // The server may have made what it did not answer in time.
    while there.hears().await.0 != Notice::Missed {}
    here.reaches(&mut there, "8").await;
}

#[test_waits::test]
async fn the_end_of_a_senders_connection_goes_unnoticed_by_others_or_is_told() {
    let world = World::new().await;
    let here = world.node().await;
    let backend = world.backends(SENDS).await[0];
    let mut there = world.node().await;
    kill_process(backend, Signal::TERM).unwrap();
    for number in 0..50 {
        let notice = user(&number.to_string());
        match here.bus.announce(notice.clone()).await {
            Ok(()) => while there.hears().await.0 != notice {},
            Err(_) => while there.hears().await.0 != Notice::Missed {},
        }
    }
}

#[test_waits::test]
async fn without_a_database_a_node_is_not_current_and_announcements_fail_in_time() {
    let tasks = TaskTracker::new();
    let folder = tempfile::tempdir().unwrap();
    let nowhere = PgConnectOptions::new_without_pgpass().socket(folder.path()).username("nobody");
    let bus = PgBus::start(nowhere, &tasks);
    for number in 0..3 {
        let began = Instant::now();
        bus.announce(user(&number.to_string())).await.unwrap_err();
        assert!(began.elapsed() < BOUND && !bus.is_current(), "{:?}", began.elapsed());
    }
    assert_eq!(bus.counters().heartbeat_age, None);
    drop(bus);
    tasks.close();
    soon("the end of all tasks", tasks.wait()).await;
}

#[test_waits::test]
async fn what_cannot_be_read_is_missed() {
    let world = World::new().await;
    let mut node = world.node().await;
    let pool = world.pool();
    let deep = format!("{{\"other\":{{\"topic\":\"t\",\"content\":{}", "[".repeat(1_000_000));
    let large = format!("{{\"user\":\"{}\"}}", "7".repeat(16 * 1024 * 1024));
    let contents =
        ["", "nonsense", "{", "\"of_the_future\"", "{\"user\":7}", "\"missed\" 1", &"[".repeat(7_900), &deep, &large];
    for (number, content) in (0_i64..).zip(contents) {
        let row = "INSERT INTO rpc_bus_notices (node, number, content) VALUES ('ffff', $1, $2)";
        sqlx::query(row).bind(number).bind(content).execute(&pool).await.unwrap();
        assert_eq!(node.hears().await, (Notice::Missed, true), "{content:.40}");
    }
    assert_eq!((node.missed(), node.bus.counters().forged), (vec![], 0));
}

#[test_waits::test]
async fn what_others_could_not_read_is_not_sent_and_they_are_told() {
    let world = World::new().await;
    let (here, mut there) = (world.node().await, world.node().await);
    here.reaches(&mut there, "1").await;
    let deep = (0..127).fold(Value::Null, |inner, _| Value::from(vec![inner]));
    let large = Value::from("x".repeat(16 * 1024 * 1024));
    for content in [deep, large] {
        here.bus.announce(Notice::Other { topic: "t".into(), content }).await.unwrap_err();
        assert_eq!(there.hears().await.0, Notice::Missed);
    }
    here.reaches(&mut there, "2").await;
}

async fn kept(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM rpc_bus_notices WHERE node = 'ffff'").fetch_one(pool).await.unwrap()
}

#[test_waits::test]
async fn notices_are_swept_when_they_are_old() {
    let database = migrated().await;
    let (pool, tasks) = (database.pool(2).await, TaskTracker::new());
    let rows = "INSERT INTO rpc_bus_notices (node, number, content, created) \
                SELECT 'ffff', number, '\"missed\"', \
                    now() - CASE WHEN number <= 3 THEN interval '20 s' ELSE interval '61 s' END \
                FROM generate_series(1, 2500) AS number";
    pool.execute(rows).await.unwrap();
    let bus = PgBus::start(database.options(), &tasks);
    until("swept", async || bus.counters().swept == 2_497).await;
    assert_eq!(kept(&pool).await, 3);
}

#[test_waits::test]
async fn a_stop_sends_what_waits_and_ends_the_tasks_and_connections() {
    let world = World::new().await;
    let (here, mut there) = (world.node().await, world.node().await);
    let announcements = (0..100).map(|number| {
        let bus = std::sync::Arc::clone(&here.bus);
        async move { bus.announce(user(&number.to_string())).await }
    });
    let mut begun: Vec<_> = announcements.map(Box::pin).collect();
    for announcement in &mut begun {
        // Handed over, not yet answered.
        assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(announcement.as_mut().poll(cx))).await.is_pending());
    }
    here.bus.stop();
    for announcement in begun {
        soon("an announcement", announcement).await.unwrap();
    }
    while there.hears().await.0 != user("99") {}
    here.bus.announce(user("late")).await.unwrap_err();
    assert!(!here.bus.is_current());
    there.bus.stop();
    world.tasks.close();
    soon("the end of all tasks", world.tasks.wait()).await;
    assert_eq!((world.backends(LISTENS).await, world.backends(SENDS).await), (vec![], vec![]));
}
