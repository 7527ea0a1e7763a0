//! What was acknowledged is there after Postgres or a node was stopped or killed under load, and all goes on by itself.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use test_postgres::{Cluster, StopMode};

use super::load::Load;
use super::node::{Node, PROFILE, Person};

/// A server that promises what it acknowledges.
const DURABLE: &str = "fsync = on\nfull_page_writes = on\nsynchronous_commit = on\n";

/// How long what one node changes may take to be heard by the other on a busy machine. Whether it is as soon as it is promised
/// is shown where nothing else is at work.
const HEARD_WITHIN: Duration = Duration::from_secs(5);

/// Lets Postgres go away under load, and come back.
async fn survives(go_away: impl FnOnce(&Cluster)) {
    let cluster = Cluster::start_with(DURABLE);
    let [here, there] = Node::two(&cluster.url("postgres")).await;
    let mut load = Load::start(&[&here]).await;
    load.more(|counts| counts.changed, 50).await;
    go_away(&cluster);
    load.more(|counts| counts.refused, 5).await;
    load.more(|counts| counts.echoed, 50).await;
    here.ready(false).await;
    cluster.start_again();
    load.more(|counts| counts.changed, 50).await;
    let (ledgers, counts) = load.stop().await;
    assert_eq!(counts.cut, 0);
    for node in [&here, &there] {
        node.ready(true).await;
        for ledger in &ledgers {
            ledger.holds(node).await;
        }
    }
    hears(&here, &there).await;
}

/// Holds one node to it that it hears what the other one changes.
async fn hears(here: &Node, there: &Node) {
    let root = here.root().await;
    let bob = Person::make(here, &root, "bob").await;
    there.ok(&bob.session, PROFILE, json!([])).await;
    here.ok(&root, "/v1/admin/users/set-enabled", json!(["bob", false])).await;
    let refused = there.until(401, &bob.session, PROFILE, json!([]));
    assert!(tokio::time::timeout(HEARD_WITHIN, refused).await.is_ok(), "the other node did not hear");
}

#[tokio::test]
async fn postgres_is_stopped_and_started_again_under_load() {
    survives(|cluster| cluster.stop(StopMode::Fast)).await;
}

#[tokio::test]
async fn postgres_is_killed_and_started_again_under_load() {
    survives(Cluster::kill).await;
}

#[tokio::test]
async fn a_node_is_killed_under_load_and_the_other_one_takes_over() {
    let cluster = Cluster::start_with(DURABLE);
    let [here, there] = Node::two(&cluster.url("postgres")).await;
    let mut load = Load::start(&[&here, &there]).await;
    load.more(|counts| counts.changed, 50).await;
    here.signal(Signal::KILL);
    load.more(|counts| counts.changed, 50).await;
    let again = Node::start(&cluster.url("postgres")).await;
    let (ledgers, counts) = load.stop().await;
    // Each of the four callers noticed once; nothing was refused.
    assert_eq!((counts.cut, counts.refused), (4, 0));
    for node in [&there, &again] {
        for ledger in &ledgers {
            ledger.holds(node).await;
        }
    }
    hears(&again, &there).await;
}
