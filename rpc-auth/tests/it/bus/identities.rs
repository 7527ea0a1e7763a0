//! Who is let in by a node whose listening connection stands still.

use std::sync::Arc;
use std::time::Duration;

use rpc_auth::postgres::PgStore;
use rpc_auth::{AccountStore, ApiTokenStore};
use rpc_core::Bus;
use tokio::time::Instant;

use super::world::{LISTENS, Stopped, World};
use crate::authenticator::Node;

#[tokio::test]
async fn a_half_dead_node_lets_nobody_in_a_second_after_the_change() {
    let world = World::new().await;
    let store = Arc::new(PgStore::new(world.pool()));
    let there = world.node().await;
    let backend = world.backends(LISTENS).await[0];
    let node = Node::on(Arc::clone(&store) as Arc<dyn AccountStore>, Arc::clone(&there.bus) as Arc<dyn Bus>).await;
    assert!(node.lets_in().await);
    let _stands_still = Stopped::process(backend);
    // As another node does it. This one hears nothing of it.
    store.set_api_token_enabled(node.user, node.id, false).await.unwrap().unwrap();
    let changed = Instant::now();
    loop {
        let asked = Instant::now();
        if !node.lets_in().await {
            break;
        }
        assert!(asked - changed < Duration::from_secs(1), "let in {:?} after the change", asked - changed);
    }
    there.is_current_soon().await;
    assert!(!node.lets_in().await);
}
