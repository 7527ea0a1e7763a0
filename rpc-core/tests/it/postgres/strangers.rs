//! Roles that may connect to the database of the nodes, and nothing else: what they say, hear and hinder.

use std::time::Duration;

use rpc_core::{Audience, Bus, Notice, PublishedEvent};
use serde_json::json;
use sqlx::postgres::PgListener;
use sqlx::{Executor, PgPool};
use test_postgres::Stopped;
use test_waits::soon;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::world::{SENDS, World, until};

const FORGED_EVENT: &str =
    r#"ffff.1.{"event":{"name":"/settings/updated","audience":"everyone","payload":{"a":"forged"}}}"#;
const CANARY: &str = "canary-of-the-payload";

async fn notify(stranger: &PgPool, channel: &str, text: &str) {
    sqlx::query("SELECT pg_notify($1, $2)").bind(channel).bind(text).execute(stranger).await.unwrap();
}

/// Something that goes on until this is dropped.
struct Attack(JoinSet<()>);

impl Attack {
    fn by(stranger: PgPool, statement: &'static str) -> Self {
        let mut attack = JoinSet::new();
        attack.spawn(async move { while stranger.execute(statement).await.is_ok() {} });
        Self(attack)
    }

    fn goes_on(&mut self) -> bool {
        self.0.try_join_next().is_none()
    }
}

#[test_waits::test]
async fn what_a_stranger_notifies_is_not_heard_and_is_counted() {
    let world = World::new().await;
    let stranger = world.stranger().await;
    let (here, mut there) = (world.node().await, world.node().await);
    here.reaches(&mut there, "1").await;
    let (deep, deep_event) = ("[".repeat(7_990), format!("ffff.1.{{\"event\":{}", "[".repeat(7_900)));
    let nonsense = [
        "",
        "nonsense",
        "ffff.1.",
        "rpc_auth.0.\"missed\"",
        r#"rpc_auth.0.{"user":"2"}"#,
        FORGED_EVENT,
        &deep,
        &deep_event,
    ];
    for text in nonsense {
        notify(&stranger, "rpc_bus", text).await;
    }
    until("counted", async || there.bus.counters().forged == nonsense.len() as u64).await;
    // Rung for what has not happened, and for what the stranger has done.
    for (text, more) in [("ffff.18446744073709551615", 1), ("ffff.999999999", 2)] {
        notify(&stranger, "rpc_bus", text).await;
        until("counted", async || there.bus.counters().forged == nonsense.len() as u64 + more).await;
    }
    // The large notices of old, whose contents nobody may write.
    notify(&stranger, "rpc_bus", "ffff.1").await;
    here.bus.announce(Notice::User("2".into())).await.unwrap();
    assert_eq!(there.hears().await, (Notice::User("2".into()), true), "it heard nothing before this");
    assert!(there.missed().is_empty());
    for statement in [
        "SELECT * FROM rpc_bus_notices",
        "INSERT INTO rpc_bus_notices (node, number, content) VALUES ('ffff', 1, '\"missed\"')",
        "DO $$ BEGIN LOCK TABLE rpc_bus_notices; END $$",
        "SELECT rpc_bus_announce(0, '\"missed\"')",
    ] {
        let refused = stranger.execute(statement).await.unwrap_err();
        let code = refused.as_database_error().and_then(|error| error.code()).map(String::from);
        assert!(matches!(code.as_deref(), Some("42501" | "0A000")), "{statement}: {refused}");
    }
}

#[test_waits::test]
async fn a_stranger_who_listens_learns_nothing_of_what_is_announced() {
    let world = World::new().await;
    let stranger = world.stranger().await;
    let (here, mut there) = (world.node().await, world.node().await);
    here.reaches(&mut there, "1").await;
    let mut listener = PgListener::connect_with(&stranger).await.unwrap();
    listener.listen("rpc_bus").await.unwrap();
    for size in [1, 2_000] {
        let payload = Some(json!(CANARY.repeat(size)));
        let event = PublishedEvent { name: CANARY.into(), audience: Audience::User(CANARY.into()), payload };
        for notice in [Notice::Event(event), Notice::User(CANARY.into())] {
            here.bus.announce(notice.clone()).await.unwrap();
            assert!(there.hears().await.0 == notice);
        }
    }
    notify(&stranger, "rpc_bus", "that is all").await;
    let mut bells = 0;
    loop {
        let heard = soon("a notification", listener.recv()).await.unwrap();
        if heard.payload() == "that is all" {
            break;
        }
        bells += 1;
        let is_bell = |(node, number): (&str, &str)| node.len() == 16 && number.parse::<u64>().is_ok();
        assert!(heard.payload().split_once('.').is_some_and(is_bell), "{}", heard.payload());
    }
    assert!(bells > 0, "nodes ring");
}

#[test_waits::test]
async fn while_a_stranger_floods_the_channel_nothing_is_missed_and_nodes_stay_current() {
    let world = World::new().await;
    let stranger = world.stranger().await;
    let (here, mut there) = (world.node().await, world.node().await);
    here.reaches(&mut there, "start").await;
    let flood = "SELECT pg_notify('rpc_bus', 'ffff.' || (10000000000 + i)) FROM generate_series(1, 2000) AS i";
    let mut attack = Attack::by(stranger.clone(), flood);
    until("the attack", async || there.bus.counters().forged > 2_000).await;
    for number in 0..30 {
        let notice = Notice::User(number.to_string().into());
        here.bus.announce(notice.clone()).await.unwrap();
        assert_eq!(there.hears().await, (notice, true));
    }
    assert_eq!((there.missed(), here.bus.is_current()), (vec![], true));
    assert!(attack.goes_on());
}

#[test_waits::test]
async fn after_more_bells_than_an_application_rings_notices_are_heard_without_them() {
    let world = World::new().await;
    let stranger = world.stranger().await;
    let (here, mut there) = (world.node().await, world.node().await);
    here.reaches(&mut there, "start").await;
    let burst = "SELECT pg_notify('rpc_bus', repeat('x', 1000) || i) FROM generate_series(1, 30000) AS i";
    stranger.execute(burst).await.unwrap();
    until("heard enough", async || there.bus.counters().forged > 19_000).await;
    for number in 0..5 {
        let notice = Notice::User(number.to_string().into());
        here.bus.announce(notice.clone()).await.unwrap();
        assert_eq!(there.hears().await, (notice, true));
    }
    assert!(there.missed().is_empty());
}

/// A snapshot says that what was written since the oldest transaction began may be new.
#[test_waits::test]
async fn a_transaction_that_a_stranger_lets_run_hides_no_notice_and_doubles_none() {
    let world = World::new().await;
    let stranger = world.stranger().await;
    let (here, mut there) = (world.node().await, world.node().await);
    let mut running = stranger.begin().await.unwrap();
    running.execute("SELECT pg_current_xact_id()").await.unwrap();
    let mut late = world.pool().begin().await.unwrap();
    let row = "INSERT INTO rpc_bus_notices (node, number, content) VALUES ('', 7, '{\"user\":\"late\"}')";
    late.execute(row).await.unwrap();
    let user = |name: &str| Notice::User(name.into());
    here.reaches(&mut there, "first").await;
    here.bus.announce(user("second")).await.unwrap();
    assert_eq!(there.hears().await, (user("second"), true));
    late.commit().await.unwrap();
    assert_eq!(there.hears().await, (user("late"), true), "what began before and ended after");
    running.rollback().await.unwrap();
    here.bus.announce(user("third")).await.unwrap();
    assert_eq!(there.hears().await, (user("third"), true));
    assert!(there.missed().is_empty());
}

#[test_waits::test]
async fn no_bell_of_a_stranger_keeps_a_deaf_node_trusting() {
    let world = World::new().await;
    let stranger = world.stranger().await;
    let there = world.node().await;
    let mut listener = PgListener::connect_with(&stranger).await.unwrap();
    listener.listen("rpc_bus").await.unwrap();
    there.bus.announce(Notice::User("1".into())).await.unwrap();
    let bell = soon("a notification", listener.recv()).await.unwrap();
    let (node, _) = bell.payload().split_once('.').unwrap();
    let beats = format!(
        "CREATE FUNCTION pg_temp.beat() RETURNS void LANGUAGE sql AS $$ SELECT pg_notify(channel, text) \
         FROM (VALUES ('rpc_bus'), ('rpc_bus_beat_{node}')) AS channels (channel), \
         (VALUES ('{node}.18446744073709551615'), ('18446744073709551'), ('999999999'), ('{node}.1')) AS texts (text) $$"
    );
    let attacker = sqlx::postgres::PgPoolOptions::new().max_connections(1);
    let attacker = attacker.connect_with((*stranger.connect_options()).clone()).await.unwrap();
    attacker.execute(sqlx::AssertSqlSafe(beats)).await.unwrap();
    let mut attack = Attack::by(attacker, "SELECT pg_temp.beat()");
    let _stands_still = Stopped::process(world.backends(SENDS).await[0]);
    let stopped = Instant::now();
    until("not current", async || !there.bus.is_current()).await;
    assert!(stopped.elapsed() < Duration::from_millis(1_500), "{:?}", stopped.elapsed());
    assert!(attack.goes_on());
}
