//! One guest fills the queue of mails, and another one has forgotten a password.

use std::net::{IpAddr, Ipv4Addr};

use rpc_core::{Call, Outcome};
use serde_json::{Value, json};

use super::server::{Encrypts, Script, SmtpPeer};
use super::{HOST, options, until};
use crate::world::{self, Who, World};

async fn call_from(world: &World, client: [u8; 4], path: &str, params: Value) {
    let mut call = Call::in_process(path, world.api.request_id()).with_params(vec![params]);
    call.client = Some(IpAddr::V4(Ipv4Addr::from(client)));
    let outcome: Outcome = world.api.call(call).await;
    assert_eq!(outcome.status(), 200, "{path}");
    test_waits::soon("the end of the work in the background", world.app.settled()).await;
}

#[test_waits::test]
async fn a_reset_is_mailed_after_one_mail_of_a_guest_who_has_filled_the_queue() {
    let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked)).await;
    let mut of_world = world::options();
    of_world.smtp = options(&peer);
    of_world.mail_queue.capacity = 40;
    let world = World::of(of_world).await;
    let queue = world.app.mails().outbox();
    let root = world.as_known(Who::Root).await;
    let update = "/v1/admin/settings/update";
    // Without a sender mails wait.
    world.ok(&root, update, json!([{"smtp_hostname": HOST}])).await;
    for number in 0..60 {
        let fields = json!({"username": format!("flood-{number}"), "email": format!("flood-{number}@example.com")});
        call_from(&world, [192, 0, 2, 1], "/v1/session/signup", fields).await;
    }
    let counters = queue.counters();
    assert_eq!((counters.queued, counters.dropped, counters.waiting), (40, 20, 40));
    call_from(&world, [198, 51, 100, 1], "/v1/session/send-password-reset-email", json!("ann")).await;
    let counters = queue.counters();
    assert_eq!((counters.queued, counters.dropped, counters.waiting), (41, 21, 40), "the newest of the flood went");
    world.ok(&root, update, json!([{"smtp_from": "noreply@acme.example"}])).await;
    until(queue, |counters| counters.sent == 40).await;
    let messages = peer.messages();
    let place = messages.iter().position(|message| message.contains("To: ann@example.com"));
    assert!(place.is_some_and(|place| place < 2), "{place:?}");
    assert!(!messages.iter().any(|message| message.contains("flood-39@example.com")));
}
