//! What connections hear.

use std::time::Duration;

use rpc_core::client::{ConnectionState, Event};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;

use crate::world::{PASSWORD, Served, Who, World};

const LONG: Duration = Duration::from_secs(10);

async fn heard(events: &mut Receiver<Event>) -> Event {
    tokio::time::timeout(LONG, events.recv()).await.unwrap().unwrap()
}

#[tokio::test]
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

#[tokio::test]
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
    tokio::time::timeout(LONG, ended).await.unwrap().unwrap();
}
