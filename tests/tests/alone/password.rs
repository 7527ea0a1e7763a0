//! Whoever sets a password ends the other sessions, on all nodes.

use serde_json::json;
use test_postgres::TestDatabase;
use tokio::task::JoinSet;

use crate::alone;
use crate::known::{Taken, closes, profile};
use crate::node::{Node, OTHER_PASSWORD, PROFILE};

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_on_all_nodes_and_keeps_ones_own() {
    let _alone = alone().await;
    let database = TestDatabase::empty().await;
    let [here, there] = Node::two(database.url()).await;
    let (own, other) = (here.root().await, there.root().await);
    let (mut kept, mut closing) = (Vec::new(), JoinSet::new());
    for node in [&here, &there] {
        node.ok(&own, PROFILE, json!([])).await;
        node.ok(&other, PROFILE, json!([])).await;
        kept.push(node.socket(&own).await);
        closes(&mut closing, node.socket(&other).await);
    }
    here.ok(&own, "/v1/admin/users/set-password", json!(["root", OTHER_PASSWORD])).await;
    let taken = Taken::now("another password");
    assert_eq!(here.status(&other, PROFILE, json!([])).await, 401, "at once");
    taken.is_seen_by(&there, &other, PROFILE, 401).await;
    taken.closes(closing).await;
    for node in [&here, &there] {
        node.ok(&own, PROFILE, json!([])).await;
    }
    for mut socket in kept {
        assert_eq!(profile(&mut socket).await["name"], "root");
    }
}
