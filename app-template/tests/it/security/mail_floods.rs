//! Strangers who sign up and ask for mails without end, and what is left for others.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use app_template::mail::Mail;
use rpc_auth::ConfirmationKind;
use rpc_core::{Call, TestReply};
use serde_json::{Value, json};

use crate::world::{HOUR, OTHER_PASSWORD, PASSWORD, Served, World, token_in};

const SIGN_UP: &str = "/v1/session/signup";
const CONFIRM: &str = "/v1/session/send-confirmation-email";
const RESET: &str = "/v1/session/send-password-reset-email";

/// What a network may do of each within an hour, at once too.
const ALLOWED: usize = 60;

/// The parameters of one call of many.
type Params = fn(usize) -> Value;

/// A call of a guest with an address.
async fn call_from(world: &World, client: IpAddr, path: &str, params: Value) -> TestReply {
    let mut call = Call::in_process(path, world.api.request_id()).with_params(vec![params]);
    call.client = Some(client);
    world.api.call(call).await.into()
}

/// Guests of as many networks as are wanted: each is asked for once.
fn elsewhere(number: usize) -> IpAddr {
    let [.., a, b] = number.to_be_bytes();
    [10, 9, a, b].into()
}

/// A call of a guest whom no limit has met.
async fn ok_from(world: &World, number: usize, path: &str, params: Value) {
    let reply = call_from(world, elsewhere(number), path, params).await;
    assert_eq!(reply.status, 200, "{path}: {reply:?}");
}

/// To whom mails went, and what about.
fn told(mails: &[Mail]) -> Vec<(&str, &str)> {
    mails.iter().map(|mail| (mail.to(), mail.subject())).collect()
}

#[test_waits::test]
async fn a_network_without_end_is_refused_and_another_one_is_not() {
    let params: [(&str, Params); 3] = [
        (SIGN_UP, |number| json!([{"username": format!("flood-{number}")}])),
        (CONFIRM, |_| json!(["bob"])),
        (RESET, |_| json!(["ann"])),
    ];
    for (path, params) in params {
        let world = World::new().await;
        let served = Served::start(&world.api).await;
        let (flood, other) = (served.plain(None), served.plain(None).from([127, 0, 0, 2]));
        let calls = if path == SIGN_UP { 1100 } else { 100 };
        for number in 0..calls {
            let answer = flood.exchange("host: x\r\n", path, &params(number)).await.to_lowercase();
            if number < ALLOWED {
                assert!(answer.starts_with("http/1.1 200 "), "{path} {number}: {answer}");
                continue;
            }
            assert!(answer.starts_with("http/1.1 429 ") && answer.contains("\r\nretry-after: 60\r\n"), "{answer}");
        }
        test_waits::soon("the end of the work in the background", world.app.settled()).await;
        let work = world.store.take_calls().into_iter();
        let work = work.filter(|call| ["create_user", "user_by_login"].contains(call)).count();
        assert_eq!(work, ALLOWED, "{path}: a refused call costs nothing");
        assert_eq!(other.call(path, &params(calls)).await.0, 200, "{path}");
        world.clock.advance(Duration::from_secs(60));
        let after: Vec<u16> = vec![flood.call(path, &params(2000)).await.0, flood.call(path, &params(2001)).await.0];
        assert_eq!(after, [200, 429], "{path}: one a minute");
    }
}

#[test_waits::test]
async fn a_site_does_not_multiply_its_allowance_by_its_networks() {
    let world = World::new().await;
    let mut made = 0;
    for number in 0..500_u16 {
        let client = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, number, 0, 0, 0, 1));
        let fields = json!({"username": format!("flood-{number}")});
        made += usize::from(call_from(&world, client, SIGN_UP, fields).await.status == 200);
    }
    assert_eq!(made, 4 * ALLOWED);
    let neighbour = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 1));
    assert_eq!(call_from(&world, neighbour, SIGN_UP, json!({"username": "neighbour"})).await.status, 200);
}

#[test_waits::test]
async fn a_mailbox_gets_three_mails_of_a_kind_whatever_its_addresses_are() {
    let spellings: [fn(usize) -> String; 2] = [
        |number| format!("victim+{number}@example.com"),
        |number| {
            // Dots between the letters, by the bits of the number.
            let dot = |(place, letter): (usize, char)| {
                let is_dotted = place < 5 && number >> place & 1 == 1;
                if is_dotted { format!("{letter}.") } else { letter.to_string() }
            };
            let name: String = "victim".chars().enumerate().map(dot).collect();
            format!("{name}+{number}@{}", if number % 2 == 0 { "gmail.com" } else { "googlemail.com" })
        },
    ];
    for spelling in spellings {
        let world = World::new().await;
        for number in 0..150 {
            let (name, email) = (format!("flood-{number}"), spelling(number));
            ok_from(&world, number, SIGN_UP, json!({"username": name, "email": email})).await;
            ok_from(&world, number, CONFIRM, json!(name)).await;
            ok_from(&world, number, RESET, json!(name)).await;
        }
        let mails = world.all_mails().await;
        let confirm = mails.iter().filter(|mail| mail.subject().starts_with("Confirm")).count();
        assert_eq!((confirm, mails.len() - confirm), (3, 3), "{:?}", told(&mails));
        world.clock.advance(HOUR);
        ok_from(&world, 200, RESET, json!("flood-7")).await;
        world.mails(1).await;
    }
}

#[test_waits::test]
async fn what_strangers_do_with_an_address_uses_nothing_up_of_its_owner() {
    let world = World::new().await;
    // Bob's address is not confirmed yet; strangers make accounts with it, and with forms of Ann's.
    for number in 0..10 {
        for (name, email) in [("b", "bob@example.com".to_owned()), ("a", format!("ann+{number}@example.com"))] {
            let name = format!("{name}-{number}");
            ok_from(&world, number, SIGN_UP, json!({"username": name, "email": email})).await;
            ok_from(&world, number, CONFIRM, json!(name)).await;
            ok_from(&world, number, RESET, json!(name)).await;
        }
        // Ann's very address is confirmed: she is told, and her account is not asked for anything.
        let fields = json!({"username": format!("c-{number}"), "email": "ann@example.com", "password": OTHER_PASSWORD});
        ok_from(&world, number, SIGN_UP, fields).await;
    }
    let mails = world.all_mails().await;
    let to_ann = mails.iter().filter(|mail| mail.to() == "ann@example.com");
    assert_eq!(to_ann.count(), 3, "of one kind: {:?}", told(&mails));
    let token = world.confirmation(3, "bob@example.com", ConfirmationKind::Email).await;
    world.ok(&world.guest(), "/v1/session/confirm-email-by-token", json!([token])).await;
    for name in ["ann", "bob@example.com"] {
        ok_from(&world, 100, RESET, json!(name)).await;
        let mails = world.mails(1).await;
        let set = json!([token_in(&mails[0]), "another fine password"]);
        world.ok(&world.guest(), "/v1/session/set-password-by-token", set).await;
    }
}

#[test_waits::test]
async fn a_name_that_a_stranger_chose_is_in_no_mail_to_others() {
    let world = World::new().await;
    for (number, name) in ["www.cheap.example", "cheap@evil.example", "call-0900-cheap"].into_iter().enumerate() {
        let fields = json!({"username": name, "email": format!("victim{number}@example.com")});
        ok_from(&world, number, SIGN_UP, fields).await;
        ok_from(&world, number, CONFIRM, json!(name)).await;
        ok_from(&world, number, RESET, json!(name)).await;
        for mail in world.mails(3).await {
            let raw = [mail.subject(), mail.text(), mail.html()].join("\n");
            assert!(raw.contains("Hello,\n") && raw.contains("<p>Hello,</p>"), "{raw}");
            assert!(!raw.contains("cheap") && !raw.contains("evil"), "{raw}");
        }
    }
    // Who has confirmed an address is called by name there, unless programs would make a link of it.
    for (name, greeting) in [("ann", "Hello ann,"), ("www.ann.example", "Hello,")] {
        let root = world.as_known(crate::world::Who::Root).await;
        if name != "ann" {
            world.ok(&root, "/v1/admin/users/set-username", json!(["2", name])).await;
        }
        ok_from(&world, 50, RESET, json!(name)).await;
        let mail = &world.mails(1).await[0];
        for part in [mail.text(), mail.html()] {
            assert!(part.contains(greeting) && !part.contains("www."), "{part}");
        }
    }
}

#[test_waits::test]
async fn a_sign_up_answers_the_same_bytes_whoever_has_the_address() {
    let mut answers = Vec::new();
    for password in [json!(PASSWORD), Value::Null] {
        for email in ["ann@example.com", "bob@example.com", "cid@example.com", "new@example.com", "ann+1@example.com"] {
            let world = World::new().await;
            let served = Served::start(&world.api).await;
            let fields = json!([{"username": "zoe", "email": email, "password": password}]);
            let answer = served.plain(None).exchange("host: x\r\n", SIGN_UP, &fields).await;
            let same =
                |line: &&str| !["date:", "x-request-id:"].iter().any(|name| line.to_lowercase().starts_with(name));
            answers.push(answer.lines().filter(same).map(str::to_owned).collect::<Vec<_>>());
        }
    }
    assert!(answers[0][0].starts_with("HTTP/1.1 200 "), "{answers:?}");
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}
