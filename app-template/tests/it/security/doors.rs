//! Whoever is shut out stays out, by every door.

use std::sync::Arc;
use std::time::Duration;

use rpc_auth::ConfirmationKind;
use rpc_core::TestClient;
use rpc_core::client::{ConnectionState, WsClient};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::world::{OTHER_PASSWORD, PASSWORD, Served, Who, World};

const PROFILE: &str = "/v1/profile/read";

/// Whether the server has closed a connection for good, or does so soon.
pub(super) async fn is_closed(client: &WsClient) -> bool {
    let mut state = client.state();
    let closed = state.wait_for(|state| *state == ConnectionState::SignedOut);
    tokio::time::timeout(Duration::from_secs(10), closed).await.is_ok()
}

/// Every way in of Ann, opened.
struct Doors {
    session: TestClient,
    there: TestClient,
    api_token: TestClient,
    websocket: WsClient,
    api_token_websocket: WsClient,
    websocket_there: WsClient,
    reset: String,
    _served: [Served; 2],
}

impl Doors {
    async fn open(world: &World) -> Self {
        let node = world.another_node().await;
        let served = [Served::start(&world.api).await, Served::start(&node).await];
        let token = world.token(Who::Ann).await.unwrap();
        let api_token = world.token(Who::AnnToken).await.unwrap();
        let doors = Self {
            session: world.guest().token(&token),
            there: TestClient::new(node).token(&token),
            api_token: world.guest().token(&api_token),
            websocket: served[0].websocket(Some(&token)).await,
            api_token_websocket: served[0].websocket(Some(&api_token)).await,
            websocket_there: served[1].websocket(Some(&token)).await,
            reset: world.confirmation(2, "ann@example.com", ConfirmationKind::PasswordReset).await,
            _served: served,
        };
        for client in [&doors.session, &doors.there, &doors.api_token] {
            world.ok(client, PROFILE, json!([])).await;
        }
        doors
    }
}

#[test_waits::test]
async fn a_disabled_or_deleted_user_comes_back_by_no_door() {
    for (path, params) in
        [("/v1/admin/users/set-enabled", json!(["ann", false])), ("/v1/admin/users/delete", json!(["ann"]))]
    {
        let world = World::new().await;
        let doors = Doors::open(&world).await;
        world.ok(&world.as_known(Who::Bob).await, path, params).await;
        for client in [&doors.session, &doors.there, &doors.api_token] {
            assert_eq!(client.call(PROFILE, json!([])).await.status, 401, "{path}");
            assert_eq!(client.call("/v1/session/signin", json!([])).await.status, 401, "{path}");
        }
        for websocket in [&doors.websocket, &doors.api_token_websocket, &doors.websocket_there] {
            assert!(is_closed(websocket).await, "{path}");
        }
        assert_eq!(world.try_sign_in("ann", PASSWORD).await.status, 401, "{path}");
        let reset = json!([doors.reset, OTHER_PASSWORD]);
        assert_eq!(world.guest().call("/v1/session/set-password-by-token", reset).await.status, 400, "{path}");
        for send in ["/v1/session/send-password-reset-email", "/v1/session/send-confirmation-email"] {
            world.ok(&world.guest(), send, json!(["ann"])).await;
        }
        assert!(world.mails(0).await.is_empty(), "{path}");
    }
}

#[test_waits::test]
async fn a_change_holds_also_when_whoever_made_it_goes_away_meanwhile() {
    let world = World::new().await;
    let doors = Doors::open(&world).await;
    let bob = world.as_known(Who::Bob).await;
    let late = Arc::new(Notify::new());
    *world.store.late.lock().unwrap() = Some(Arc::clone(&late));
    world.store.take_calls();
    let mut disabling = Box::pin(bob.call("/v1/admin/users/set-enabled", json!(["ann", false])));
    test_waits::until_async("the change", async || {
        assert!(futures_util::poll!(&mut disabling).is_pending());
        world.store.take_calls().contains(&"update_user")
    })
    .await;
    drop(disabling);
    late.notify_one();
    for websocket in [&doors.websocket, &doors.api_token_websocket, &doors.websocket_there] {
        assert!(is_closed(websocket).await);
    }
    for client in [&doors.session, &doors.there, &doors.api_token] {
        assert_eq!(client.call(PROFILE, json!([])).await.status, 401);
    }
}

#[test_waits::test]
async fn a_change_whose_outcome_nobody_knows_is_looked_at_anew() {
    let world = World::new().await;
    let bob = world.as_known(Who::Bob).await;
    let ann = world.as_known(Who::Ann).await;
    world.ok(&ann, PROFILE, json!([])).await;
    world.ok(&bob, "/v1/test/test", json!([])).await;
    world.store.take_calls();
    *world.store.lost.lock().unwrap() = true;
    let reply = bob.call("/v1/admin/users/set-enabled", json!(["ann", false])).await;
    assert_eq!(reply.status, 503);
    *world.store.lost.lock().unwrap() = false;
    assert_eq!(ann.call(PROFILE, json!([])).await.status, 401);
}

#[test_waits::test]
async fn an_enabled_user_has_their_api_tokens_again_and_no_old_session() {
    let world = World::new().await;
    let doors = Doors::open(&world).await;
    let bob = world.as_known(Who::Bob).await;
    for enabled in [false, true] {
        world.ok(&bob, "/v1/admin/users/set-enabled", json!(["ann", enabled])).await;
    }
    world.ok(&doors.api_token, PROFILE, json!([])).await;
    assert_eq!(doors.session.call(PROFILE, json!([])).await.status, 401);
    assert_eq!(world.try_sign_in("ann", PASSWORD).await.status, 200);
}

#[test_waits::test]
async fn a_new_password_ends_the_sessions_of_its_user_but_the_callers_own() {
    let world = World::new().await;
    let served = Served::start(&world.api).await;
    let tokens = [world.token(Who::Bob).await.unwrap(), world.token(Who::Bob).await.unwrap()];
    let [own, other] = tokens.each_ref().map(|token| world.guest().token(token));
    let (own_socket, other_socket) =
        (served.websocket(Some(&tokens[0])).await, served.websocket(Some(&tokens[1])).await);
    world.ok(&own, "/v1/admin/users/set-password", json!(["bob", OTHER_PASSWORD])).await;
    assert_eq!(other.call(PROFILE, json!([])).await.status, 401);
    assert!(is_closed(&other_socket).await);
    world.ok(&own, PROFILE, json!([])).await;
    own_socket.call::<Value>(PROFILE, ()).await.unwrap();
    // API tokens are no sessions.
    world.ok(&world.as_known(Who::BobToken).await, PROFILE, json!([])).await;
}

#[test_waits::test]
async fn a_password_that_an_admin_sets_ends_all_sessions() {
    for (path, params) in [
        ("/v1/admin/users/set-password", json!(["ann", OTHER_PASSWORD])),
        ("/v1/admin/users/set-username", json!(["ann", "anna", OTHER_PASSWORD])),
    ] {
        let world = World::new().await;
        let doors = Doors::open(&world).await;
        world.ok(&world.as_known(Who::Bob).await, path, params).await;
        for client in [&doors.session, &doors.there] {
            assert_eq!(client.call(PROFILE, json!([])).await.status, 401, "{path}");
        }
        assert!(is_closed(&doors.websocket).await && is_closed(&doors.websocket_there).await, "{path}");
        world.ok(&doors.api_token, PROFILE, json!([])).await;
    }
}

#[test_waits::test]
async fn a_reset_ends_all_sessions_and_disables_all_api_tokens() {
    let world = World::new().await;
    let doors = Doors::open(&world).await;
    world.ok(&world.guest(), "/v1/session/set-password-by-token", json!([doors.reset, OTHER_PASSWORD])).await;
    for client in [&doors.session, &doors.there, &doors.api_token] {
        assert_eq!(client.call(PROFILE, json!([])).await.status, 401);
    }
    for websocket in [&doors.websocket, &doors.api_token_websocket, &doors.websocket_there] {
        assert!(is_closed(websocket).await);
    }
    assert_eq!(world.try_sign_in("ann", PASSWORD).await.status, 401);
    assert_eq!(world.try_sign_in("ann", OTHER_PASSWORD).await.status, 200);
}

#[test_waits::test]
async fn an_api_token_that_is_disabled_or_deleted_is_out_at_once_with_its_connections() {
    for (path, params) in [("/v1/api-tokens/set-enabled", json!(["1", false])), ("/v1/api-tokens/delete", json!(["1"]))]
    {
        let world = World::new().await;
        let doors = Doors::open(&world).await;
        world.ok(&doors.session, path, params).await;
        assert_eq!(doors.api_token.call(PROFILE, json!([])).await.status, 401, "{path}");
        assert!(is_closed(&doors.api_token_websocket).await, "{path}");
        doors.websocket.call::<Value>(PROFILE, ()).await.unwrap();
    }
}

#[test_waits::test]
async fn a_change_of_permissions_closes_no_connection_and_holds_for_its_next_call() {
    let world = World::new().await;
    let doors = Doors::open(&world).await;
    let read = "/v1/admin/users/read";
    assert!(doors.websocket.call::<Value>(read, ()).await.is_err());
    world
        .ok(&world.as_known(Who::Bob).await, "/v1/admin/users/update-permissions", json!(["ann", {"admin": true}]))
        .await;
    for websocket in [&doors.websocket, &doors.websocket_there] {
        websocket.call::<Value>(read, ()).await.unwrap();
    }
}

#[test_waits::test]
async fn signing_out_holds_on_every_node_and_for_this_session_only() {
    let world = World::new().await;
    let doors = Doors::open(&world).await;
    let other = world.as_known(Who::Ann).await;
    world.ok(&doors.session, "/v1/session/signout", json!([])).await;
    for client in [&doors.session, &doors.there] {
        assert_eq!(client.call(PROFILE, json!([])).await.status, 401);
    }
    assert!(is_closed(&doors.websocket).await && is_closed(&doors.websocket_there).await);
    world.ok(&other, PROFILE, json!([])).await;
    world.ok(&doors.api_token, PROFILE, json!([])).await;
}
