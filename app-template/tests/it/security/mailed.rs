//! The tokens in mails.

use std::time::Duration;

use app_template::mail::MailKind;
use rpc_auth::ConfirmationKind;
use serde_json::{Value, json};

use crate::world::{HOUR, OTHER_PASSWORD, Served, Who, World};

const CONFIRM: &str = "/v1/session/confirm-email-by-token";
const SET_PASSWORD: &str = "/v1/session/set-password-by-token";

/// Both ways to use a token, each with the mail that brings one.
fn uses(token: &str) -> [(&'static str, &'static str, Value); 2] {
    [
        ("/v1/session/send-confirmation-email", CONFIRM, json!([token])),
        ("/v1/session/send-password-reset-email", SET_PASSWORD, json!([token, OTHER_PASSWORD])),
    ]
}

#[test_waits::test]
async fn a_mailed_token_is_good_once_and_the_newest_only() {
    for way in 0..2 {
        let world = World::new().await;
        let (send, ..) = uses("")[way].clone();
        world.ok(&world.guest(), send, json!(["bob"])).await;
        let older = world.mailed_token().await;
        world.ok(&world.guest(), send, json!(["bob"])).await;
        let newer = world.mailed_token().await;
        for (token, status) in [(&older, 400), (&newer, 200), (&newer, 400)] {
            let (_, path, params) = uses(token)[way].clone();
            let reply = world.guest().call(path, params).await;
            assert_eq!(reply.status, status, "{path}");
            if status == 400 {
                assert_eq!((reply.reason.as_str(), reply.code), ("Token is invalid", Some(400)));
            }
        }
    }
}

#[test_waits::test]
async fn a_mailed_token_is_good_for_a_short_time() {
    for (way, life) in [(0, 24 * HOUR), (1, HOUR / 2)] {
        for (wait, status) in [(life.checked_sub(Duration::from_millis(1)).unwrap(), 200), (life, 400)] {
            let world = World::new().await;
            let (send, ..) = uses("")[way].clone();
            world.ok(&world.guest(), send, json!(["bob"])).await;
            let token = world.mailed_token().await;
            world.clock.advance(wait);
            let (_, path, params) = uses(&token)[way].clone();
            assert_eq!(world.guest().call(path, params).await.status, status, "{path} after {wait:?}");
        }
    }
}

#[test_waits::test]
async fn of_two_uses_at_once_one_wins() {
    for way in 0..2 {
        let world = World::new().await;
        let kinds = [ConfirmationKind::Email, ConfirmationKind::PasswordReset];
        let token = world.confirmation(3, "bob@example.com", kinds[way]).await;
        let (_, path, params) = uses(&token)[way].clone();
        let client = world.guest();
        let (one, other) = tokio::join!(client.call(path, params.clone()), client.call(path, params.clone()));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400], "{path}");
    }
}

#[test_waits::test]
async fn a_flipped_character_makes_a_token_another_and_costs_no_look_at_the_store() {
    let world = World::new().await;
    world.ok(&world.guest(), "/v1/session/send-password-reset-email", json!(["bob"])).await;
    let token = world.mailed_token().await;
    world.store.take_calls();
    for place in 0..token.len() {
        let mut flipped = token.clone().into_bytes();
        flipped[place] ^= 1;
        let flipped = String::from_utf8(flipped).unwrap();
        assert_eq!(world.guest().call(SET_PASSWORD, json!([flipped, OTHER_PASSWORD])).await.status, 400);
    }
    assert_eq!(world.store.take_calls(), Vec::<&str>::new());
    world.ok(&world.guest(), SET_PASSWORD, json!([token, OTHER_PASSWORD])).await;
}

#[test_waits::test]
async fn nobody_finds_a_mailed_token_in_the_store() {
    let world = World::new().await;
    world.ok(&world.guest(), "/v1/session/send-password-reset-email", json!(["bob"])).await;
    let reset = world.mailed_token().await;
    world.ok(&world.guest(), "/v1/session/send-confirmation-email", json!(["bob"])).await;
    let confirm = world.mailed_token().await;
    let dump = world.store.dump();
    assert!(dump.contains("bob@example.com") && !dump.contains(&reset) && !dump.contains(&confirm));
}

#[test_waits::test]
async fn opening_a_link_uses_nothing_up() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::new().await;
    let served = Served::start(&world.api).await;
    let token = world.confirmation(3, "bob@example.com", ConfirmationKind::Email).await;
    for query in ["", &format!("?token={token}"), &format!("?0={token}"), &format!("?{token}")] {
        let mut stream = tokio::net::TcpStream::connect(served.address()).await.unwrap();
        let request = format!("GET {CONFIRM}{query} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{query}: {answer}");
    }
    world.ok(&world.guest(), CONFIRM, json!([token])).await;
}

#[test_waits::test]
async fn a_token_for_an_address_that_was_left_confirms_nothing_and_resets_nothing() {
    for way in 0..2 {
        let world = World::new().await;
        let kinds = [ConfirmationKind::Email, ConfirmationKind::PasswordReset];
        let token = world.confirmation(3, "bob@example.com", kinds[way]).await;
        world.ok(&world.as_known(Who::Bob).await, "/v1/profile/set-email", json!(["bob@example.org"])).await;
        let (_, path, params) = uses(&token)[way].clone();
        assert_eq!(world.guest().call(path, params).await.status, 400, "{path}");
    }
}

/// Names another host in every way that a request can.
const POISON: &str = "host: evil.example\r\nx-forwarded-host: evil.example\r\nx-forwarded-proto: evil\r\n\
    forwarded: host=evil.example;proto=evil\r\nx-original-url: https://evil.example/\r\nreferer: https://evil.example/\r\n";

/// Of each kind of mail, a call that brings it.
fn mailing(kind: MailKind) -> (Who, &'static str, Value) {
    let signed_up = |email: &str| json!([{"username": "zoe", "email": email}]);
    match kind {
        MailKind::ConfirmEmail => (Who::Guest, "/v1/session/send-confirmation-email", json!(["bob"])),
        MailKind::ResetPassword => (Who::Guest, "/v1/session/send-password-reset-email", json!(["ann"])),
        MailKind::SetPassword => (Who::Guest, "/v1/session/signup", signed_up("zoe@example.com")),
        MailKind::AddressInUse => (Who::Guest, "/v1/session/signup", signed_up("ann@example.com")),
        MailKind::AddressChanged => (Who::Ann, "/v1/profile/set-email", json!(["ann@example.org"])),
    }
}

#[test_waits::test]
async fn mails_lead_to_the_application_whatever_host_a_request_names() {
    for kind in MailKind::ALL {
        let (world, (who, path, params)) = (World::new().await, mailing(kind));
        let served = Served::start(&world.api).await;
        let answer = served.plain(world.token(who).await.as_deref()).exchange(POISON, path, &params).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{kind:?}: {answer}");
        let mail = &world.mails(1).await[0];
        let parts = [mail.subject(), mail.text(), mail.html()];
        assert!(parts.iter().all(|part| !part.contains("evil")), "{kind:?}: {parts:?}");
        if let Some(link) = kind.link_path() {
            let link = format!("https://app.example.com/{link}");
            assert!(mail.text().contains(&link) && mail.html().contains(&link), "{kind:?}: {parts:?}");
        }
    }
}
