//! What connections hear.

use rpc_auth::{UserChange, UserId};
use rpc_core::client::{ConnectionState, Event, WsClient};
use rpc_core::{Audience, Notice};
use serde_json::{Value, json};
use test_waits::soon;
use tokio::sync::broadcast::Receiver;

use crate::world::{PASSWORD, Served, Who, World};

async fn heard(events: &mut Receiver<Event>) -> Event {
    soon("an event", events.recv()).await.unwrap()
}

#[test_waits::test]
async fn administrators_hear_of_new_settings_without_secrets_and_others_do_not() {
    let world = World::new().await;
    let served = Served::start(&world.api).await;
    let bob = served.websocket(world.token(Who::Bob).await.as_deref()).await;
    let ann = served.websocket(world.token(Who::Ann).await.as_deref()).await;
    let (mut bobs, mut anns) = (bob.events(), ann.events());
    let change = json!([{"telegram_bot_key": "1:canary", "telegram_bot_name": "acme_bot"}]);
    bob.call::<Value>("/v1/admin/settings/update", change).await.unwrap();
    let event = heard(&mut bobs).await;
    assert_eq!((event.name.as_str(), &event.args[0]["telegram_bot_name"]), ("/settings/updated", &json!("acme_bot")));
    assert!(!format!("{event:?}").contains("canary"));
    // What a connection is answered comes after the events before it.
    ann.call::<Value>("/v1/test/test", ()).await.unwrap();
    assert!(anns.try_recv().is_err());
}

#[test_waits::test]
async fn a_user_hears_that_another_session_of_theirs_has_ended_and_its_connections_are_closed() {
    let world = World::new().await;
    let served = Served::start(&world.api).await;
    let token = world.token(Who::Ann).await.unwrap();
    let (leaving, staying) =
        (served.websocket(Some(&token)).await, served.websocket(Some(&world.sign_in("ann", PASSWORD).await)).await);
    let mut events = staying.events();
    world.ok(&world.guest().token(&token), "/v1/session/signout", json!([])).await;
    assert_eq!(heard(&mut events).await.name, "/session/signed-out");
    let mut state = leaving.state();
    let ended = state.wait_for(|state| *state == ConnectionState::SignedOut);
    soon("the end of the connection", ended).await.unwrap();
}

/// A connection of Bob's for which an event waits, since the store is down.
async fn waits_for_the_store(world: &World, served: &Served) -> (WsClient, Receiver<Event>) {
    let bob = served.websocket(world.token(Who::Bob).await.as_deref()).await;
    let mut events = bob.events();
    *world.store.failure.lock().unwrap() = Some("down");
    world.bus.tell(&Notice::Missed);
    world.api.publish_by_name(Audience::User("3".into()), "/session/signed-out", ()).await.unwrap();
    bob.call::<Value>("/v1/profile/read", ()).await.unwrap_err();
    assert!(events.try_recv().is_err(), "who it is is not known");
    (bob, events)
}

#[test_waits::test]
async fn what_is_not_for_everyone_waits_until_the_store_says_whom_it_is_for() {
    let world = World::new().await;
    let served = Served::start(&world.api).await;
    let (_bob, mut events) = waits_for_the_store(&world, &served).await;
    *world.store.failure.lock().unwrap() = None;
    world.bus.tell(&Notice::Missed);
    assert_eq!(heard(&mut events).await.name, "/session/signed-out");
}

#[test_waits::test]
async fn what_waited_for_somebody_who_is_disabled_meanwhile_is_never_heard() {
    let world = World::new().await;
    let served = Served::start(&world.api).await;
    let (bob, mut events) = waits_for_the_store(&world, &served).await;
    let disabled = UserChange { enabled: Some(false), ..UserChange::default() };
    world.store.inner.update_user(UserId::new(3), &disabled).await.unwrap();
    *world.store.failure.lock().unwrap() = None;
    world.bus.tell(&Notice::Missed);
    let mut state = bob.state();
    let ended = state.wait_for(|state| *state == ConnectionState::SignedOut);
    soon("the end of the connection", ended).await.unwrap();
    assert!(events.try_recv().is_err());
}
