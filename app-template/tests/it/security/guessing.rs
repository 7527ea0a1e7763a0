//! Guessing passwords, and finding out who has an account.

mod attack;
mod hurried;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use rpc_core::{Api, Call, TestReply};
use serde_json::{Value, json};

use crate::world::{OTHER_PASSWORD, PASSWORD, World};

/// A call from an address.
async fn call_from(api: &Api, client: IpAddr, path: &str, params: Value) -> TestReply {
    let Value::Array(params) = params else { panic!("parameters are positional") };
    let mut call = Call::in_process(path, api.request_id()).with_params(params);
    call.client = Some(client);
    api.call(call).await.into()
}

/// Signs in from an address on a node.
async fn sign_in_at(api: &Api, client: IpAddr, name: &str, password: &str) -> TestReply {
    let credentials = json!([{"username": name, "password": password}]);
    call_from(api, client, "/v1/session/signin", credentials).await
}

/// Signs in from an address.
async fn sign_in(world: &World, client: [u8; 4], name: &str, password: &str) -> TestReply {
    sign_in_at(&world.api, IpAddr::V4(Ipv4Addr::from(client)), name, password).await
}

fn hashes(world: &World) -> u64 {
    world.app.accounts().hasher().hashes()
}

#[test_waits::test]
async fn unknown_wrong_and_disabled_are_the_same_answer_at_the_same_number_of_hashes() {
    let world = World::new().await;
    // Whatever is made once is made now.
    world.try_sign_in("ann", OTHER_PASSWORD).await;
    // Longer than a password, a name and an address, also before and after they are normalised.
    let (ligatures, long) = ("\u{fdfa}".repeat(100_000), "l".repeat(300_000));
    let mut answers = Vec::new();
    for (name, password) in [
        ("ann", OTHER_PASSWORD),
        ("ann", &ligatures),
        ("ann", &long),
        ("zoe", &ligatures),
        (&ligatures, PASSWORD),
        (&long, PASSWORD),
        ("zoe", PASSWORD),
        ("cid", PASSWORD),
        ("cid", OTHER_PASSWORD),
        ("cid@example.com", PASSWORD),
        ("bob@example.com", PASSWORD),
        ("1", PASSWORD),
        ("ann\0", PASSWORD),
        ("", ""),
    ] {
        let before = hashes(&world);
        let reply = world.try_sign_in(name, password).await;
        answers.push((reply, hashes(&world) - before));
    }
    assert_eq!((answers[0].0.status, answers[0].1), (401, 1));
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[test_waits::test]
async fn sign_up_and_reset_answer_the_same_for_every_address() {
    let mut answers = Vec::new();
    for (address, mailed) in [
        ("ann@example.com", Some("ann@example.com")),
        ("bob@example.com", None),
        ("cid@example.com", Some("cid@example.com")),
        ("new@example.com", None),
    ] {
        let world = World::new().await;
        let fields = json!([{"username": "zoe", "password": OTHER_PASSWORD, "email": address}]);
        answers.push(world.guest().call("/v1/session/signup", fields).await);
        let mails = world.all_mails().await;
        assert_eq!(mails.iter().map(|mail| mail.to()).collect::<Vec<_>>(), Vec::from_iter(mailed), "{address}");
    }
    assert!(answers.iter().all(|answer| answer.status == 200 && *answer == answers[0]), "{answers:?}");
    for path in ["/v1/session/send-password-reset-email", "/v1/session/send-confirmation-email"] {
        let world = World::new().await;
        let mut answers = Vec::new();
        for name in ["ann", "bob", "cid", "eve", "root", "zoe", "ann@example.com", "x@example.com", "", "\0", "1"] {
            answers.push(world.guest().call(path, json!([name])).await);
        }
        assert!(answers.iter().all(|answer| answer.status == 200 && *answer == answers[0]), "{answers:?}");
    }
}

#[test_waits::test]
async fn an_unconfirmed_address_keeps_its_owner_out_of_nothing() {
    let world = World::new().await;
    // A squatter has taken the address without confirming it: it is Bob's, and he never confirmed it.
    let fields = json!([{"username": "owner", "password": OTHER_PASSWORD, "email": "bob@example.com"}]);
    world.ok(&world.guest(), "/v1/session/signup", fields).await;
    world.ok(&world.guest(), "/v1/session/send-confirmation-email", json!(["owner"])).await;
    let token = world.mailed_token().await;
    world.ok(&world.guest(), "/v1/session/confirm-email-by-token", json!([token])).await;
    assert_eq!(world.try_sign_in("bob@example.com", OTHER_PASSWORD).await.status, 200);
    // The squatter confirms nothing any longer.
    world.ok(&world.guest(), "/v1/session/send-confirmation-email", json!(["bob"])).await;
    let token = world.mailed_token().await;
    assert_eq!(world.guest().call("/v1/session/confirm-email-by-token", json!([token])).await.status, 400);
}

#[test_waits::test]
async fn a_thousand_guesses_from_one_address_are_few_hashes() {
    let world = World::new().await;
    let (mut refused, mut throttled) = (0, 0);
    let before = hashes(&world);
    for _ in 0..1000 {
        match sign_in(&world, [192, 0, 2, 1], "ann", OTHER_PASSWORD).await.status {
            401 => refused += 1,
            429 => throttled += 1,
            other => panic!("{other}"),
        }
        world.clock.advance(Duration::from_secs(1));
    }
    // 5 are free, then the delays double from a second to half a minute: 5 + 5 + 1000 s / 30 s.
    assert!((30..=45).contains(&refused), "{refused}");
    assert_eq!((refused + throttled, hashes(&world) - before), (1000, refused));
}

#[test_waits::test]
async fn a_name_that_does_not_exist_is_delayed_as_one_that_does() {
    let world = World::new().await;
    let mut answers: Vec<Vec<Value>> = Vec::new();
    for (name, client) in [("ann", [192, 0, 2, 1]), ("zoe", [192, 0, 2, 2])] {
        let mut statuses = Vec::new();
        for _ in 0..8 {
            statuses.push(json!(sign_in(&world, client, name, OTHER_PASSWORD).await.status));
        }
        answers.push(statuses);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].last(), Some(&json!(429)));
}

#[test_waits::test]
async fn an_address_is_delayed_whatever_the_names() {
    let world = World::new().await;
    let mut refused = 0;
    for guess in 0..200 {
        let reply = sign_in(&world, [192, 0, 2, 1], &format!("name{guess}"), OTHER_PASSWORD).await;
        refused += u32::from(reply.status == 401);
    }
    assert!((100..=102).contains(&refused), "{refused}");
    assert_eq!(sign_in(&world, [192, 0, 2, 9], "ann", PASSWORD).await.status, 200);
}
