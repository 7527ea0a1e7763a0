//! How long tokens live, and what it costs to look at one.

use rpc_core::TestClient;
use serde_json::json;

use crate::world::{HOUR, Who, World};

const PROFILE: &str = "/v1/profile/read";
const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

#[test_waits::test]
async fn a_session_ends_when_it_is_idle_for_a_month() {
    for (wait, status) in [(30 * DAY - HOUR, 200), (30 * DAY, 401)] {
        let world = World::new().await;
        let (here, token) = (world.as_known(Who::Ann).await, world.token(Who::Ann).await.unwrap());
        let there = TestClient::new(world.another_node().await).token(&token);
        world.clock.advance(wait);
        assert_eq!(here.call(PROFILE, json!([])).await.status, status, "cached, after {wait:?}");
        assert_eq!(there.call(PROFILE, json!([])).await.status, status, "stored, after {wait:?}");
    }
}

#[test_waits::test]
async fn a_session_that_another_node_saw_is_not_idle_here() {
    let world = World::new().await;
    let token = world.token(Who::Ann).await.unwrap();
    let (here, other) = (world.guest().token(&token), world.another().await);
    let there = TestClient::new(other.api().unwrap()).token(&token);
    assert_eq!((here.call(PROFILE, json!([])).await.status, there.call(PROFILE, json!([])).await.status), (200, 200));
    world.clock.advance(20 * DAY);
    assert_eq!(there.call(PROFILE, json!([])).await.status, 200);
    other.accounts().write_uses().await.unwrap();
    world.clock.advance(20 * DAY);
    assert_eq!(here.call(PROFILE, json!([])).await.status, 200);
}

#[test_waits::test]
async fn a_session_ends_after_three_months_however_it_is_used() {
    let world = World::new().await;
    let token = world.token(Who::Ann).await.unwrap();
    let client = world.guest().token(&token);
    for _ in 0..4 {
        world.clock.advance(22 * DAY);
        assert_eq!(client.call(PROFILE, json!([])).await.status, 200);
        world.app.accounts().write_uses().await.unwrap();
    }
    let there = TestClient::new(world.another_node().await).token(&token);
    world.clock.advance(DAY);
    assert_eq!((client.call(PROFILE, json!([])).await.status, there.call(PROFILE, json!([])).await.status), (200, 200));
    world.clock.advance(DAY);
    assert_eq!((client.call(PROFILE, json!([])).await.status, there.call(PROFILE, json!([])).await.status), (401, 401));
}

#[test_waits::test]
async fn what_has_expired_is_removed_in_the_background() {
    let world = World::new().await;
    world.token(Who::Ann).await;
    world.clock.advance(31 * DAY);
    let fresh = world.as_known(Who::Ann).await;
    world.store.take_calls();
    world.app.accounts().purge().await.unwrap();
    assert_eq!(world.store.take_calls(), ["purge_sessions", "purge_confirmations", "purge_networks"]);
    world.ok(&fresh, PROFILE, json!([])).await;
}

#[test_waits::test]
async fn a_known_token_costs_no_look_at_the_store_and_a_wrong_checksum_never_does() {
    let world = World::new().await;
    for who in [Who::Ann, Who::BobToken] {
        let token = world.token(who).await.unwrap();
        let client = world.guest().token(&token);
        world.store.take_calls();
        world.ok(&client, "/v1/test/test", json!([])).await;
        assert_eq!(world.store.take_calls().len(), 1);
        for _ in 0..3 {
            world.ok(&client, "/v1/test/test", json!([])).await;
        }
        let mut wrong = token.clone();
        let last = wrong.pop().unwrap();
        wrong.push(if last == 'x' { 'y' } else { 'x' });
        for token in [wrong.as_str(), &token[..token.len() - 1], "app_session_", "x", &token.replace("app_", "acme_")] {
            assert_eq!(world.guest().token(token).call("/v1/test/test", json!([])).await.status, 401, "{token}");
        }
        assert_eq!(world.store.take_calls(), Vec::<&str>::new());
    }
}

#[test_waits::test]
async fn a_token_has_a_prefix_enough_chance_and_is_nowhere_in_the_store() {
    let world = World::new().await;
    let session = world.token(Who::Ann).await.unwrap();
    let ann = world.guest().token(&session);
    let made = world.ok(&ann, "/v1/api-tokens/create", json!(["ci"])).await;
    let api = made["token"].as_str().unwrap();
    for (token, prefix) in [(session.as_str(), "app_session_"), (api, "app_api_")] {
        let rest = token.strip_prefix(prefix).unwrap();
        assert_eq!(rest.len(), 36);
        assert!(rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert!(!world.store.dump().contains(rest));
    }
    let listed = world.ok(&ann, "/v1/api-tokens/read", json!([])).await;
    assert!(!listed.to_string().contains(api));
}
