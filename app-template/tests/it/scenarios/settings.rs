use serde_json::{Value, json};

use crate::scenario::{Scenario, scenario};
use crate::world::{START, Who, World};

const READ: &str = "/v1/admin/settings/read";
const TEST_SMTP: &str = "/v1/admin/settings/test-smtp";
const UPDATE: &str = "/v1/admin/settings/update";

/// The settings of a new world, but for some.
fn settings(other: &[(&str, Value)]) -> Value {
    let mut settings = json!({
        "app_url": "https://app.example.com/", "smtp_from": null, "smtp_hostname": null, "smtp_port": null,
        "smtp_username": null, "smtp_password_set": false, "telegram_bot_name": null, "telegram_bot_key_set": false,
        "telegram_bot_enabled": false, "telegram_signin_enabled": false, "updated": "$time",
    });
    for (name, value) in other {
        settings[*name] = value.clone();
    }
    settings
}

/// The change to a mail account.
fn smtp() -> Value {
    json!([{
        "smtp_hostname": "mail.example.com", "smtp_port": 465, "smtp_username": "acme", "smtp_password": "hunter2",
        "smtp_from": "Acme <acme@example.com>",
    }])
}

pub(super) fn table() -> Vec<Scenario> {
    changes().into_iter().chain(tries()).collect()
}

fn changes() -> Vec<Scenario> {
    let smtp = smtp();
    let stored = [
        ("smtp_hostname", json!("mail.example.com")),
        ("smtp_port", json!(465)),
        ("smtp_username", json!("acme")),
        ("smtp_password_set", json!(true)),
        ("smtp_from", json!("Acme <acme@example.com>")),
    ];
    let moved =
        [&stored[..], &[("smtp_hostname", json!("mail.example.org")), ("smtp_password_set", json!(false))]].concat();
    let bot = json!([{"telegram_bot_name": "acme_bot", "telegram_bot_key": "1:key", "telegram_bot_enabled": true}]);
    let botted = [
        ("telegram_bot_name", json!("acme_bot")),
        ("telegram_bot_key_set", json!(true)),
        ("telegram_bot_enabled", json!(true)),
    ];
    let wrong = json!([{"app_url": "ftp://x", "smtp_port": 0, "nope": 1, "telegram_bot_enabled": null}]);
    let faults = [
        ("/0/app_url", "format"),
        ("/0/smtp_port", "minimum"),
        ("/0/telegram_bot_enabled", "type"),
        ("/0/nope", "additionalProperties"),
    ];
    vec![
        scenario("read", Who::Bob, READ, json!([])).data(settings(&[])),
        scenario("read by API token", Who::BobToken, READ, json!([])).data(settings(&[])),
        scenario("read by a user", Who::Ann, READ, json!([])).fails(403, "Not permitted"),
        scenario("read by a guest", Who::Guest, READ, json!([])).fails(401, "Not authenticated"),
        scenario("update", Who::Root, UPDATE, smtp.clone()).then(Who::Bob, READ, json!([]), settings(&stored)),
        scenario("update by an admin", Who::Bob, UPDATE, bot).then(Who::Bob, READ, json!([]), settings(&botted)),
        scenario("nothing", Who::Bob, UPDATE, json!([{}])).then(Who::Bob, READ, json!([]), settings(&[])),
        scenario("null clears", Who::Root, UPDATE, json!([{"app_url": null}])).then(
            Who::Bob,
            READ,
            json!([]),
            settings(&[("app_url", Value::Null)]),
        ),
        scenario("another host clears the password", Who::Root, UPDATE, json!([{"smtp_hostname": "mail.example.org"}]))
            .before(Who::Root, UPDATE, smtp)
            .then(Who::Bob, READ, json!([]), settings(&moved)),
        scenario("all that is wrong, and nothing is changed", Who::Bob, UPDATE, wrong).refused(&faults).then(
            Who::Bob,
            READ,
            json!([]),
            settings(&[]),
        ),
        scenario("no object", Who::Bob, UPDATE, json!(["x"])).refused(&[("/0", "type")]),
        scenario("update by a user", Who::Ann, UPDATE, json!([{}])).fails(403, "Not permitted"),
    ]
}

/// Servers that are tried.
fn tries() -> Vec<Scenario> {
    let other = json!([{"smtp_hostname": "127.0.0.1", "smtp_username": "acme", "smtp_password": "hunter2"}]);
    vec![
        scenario("the password of another server", Who::Bob, TEST_SMTP, json!([{"smtp_hostname": "mail.example.org"}]))
            .before(Who::Root, UPDATE, smtp())
            .fails(400, "smtp_password is required for another server"),
        scenario("another server by API token", Who::BobToken, TEST_SMTP, other)
            .before(Who::Root, UPDATE, smtp())
            .fails(403, "Sign in to try another server"),
        scenario("an unknown key", Who::Bob, TEST_SMTP, json!([{"smtp_from": "x@example.com"}]))
            .refused(&[("/0/smtp_from", "additionalProperties")]),
        scenario("a port that is none", Who::Bob, TEST_SMTP, json!([{"smtp_port": 65536}]))
            .refused(&[("/0/smtp_port", "maximum")]),
        scenario("test by a user", Who::Ann, TEST_SMTP, json!([{}])).fails(403, "Not permitted"),
    ]
}

#[test_waits::test]
async fn settings_tell_when_they_were_changed() {
    let world = World::new().await;
    let bob = world.as_known(Who::Bob).await;
    world.clock.advance(crate::world::HOUR);
    world.ok(&bob, UPDATE, json!([{"telegram_bot_enabled": true}])).await;
    let changed = rpc_core::Timestamp::from(START + crate::world::HOUR).to_string();
    assert_eq!(world.ok(&bob, READ, json!([])).await["updated"], json!(changed));
}

#[test_waits::test]
async fn no_mail_with_a_link_goes_out_before_the_address_of_the_application_is_known() {
    let world = World::new().await;
    world.ok(&world.as_known(Who::Root).await, UPDATE, json!([{"app_url": null}])).await;
    world.ok(&world.guest(), "/v1/session/send-password-reset-email", json!(["ann"])).await;
    assert!(world.mails(0).await.is_empty());
}

#[test_waits::test]
async fn who_reads_the_mails_of_all_is_changed_by_root_in_a_session_only() {
    let world = World::new().await;
    let bob = world.as_known(Who::Bob).await;
    let before = world.ok(&bob, READ, json!([])).await;
    for (key, value) in [
        ("app_url", json!("https://thief.example.com/")),
        ("smtp_from", json!("thief@example.com")),
        ("smtp_hostname", json!("127.0.0.1")),
        ("smtp_port", json!(2525)),
        ("smtp_username", json!("thief")),
        ("smtp_password", json!("hunter2")),
        ("app_url", Value::Null),
        ("smtp_from", Value::Null),
        ("smtp_hostname", Value::Null),
        ("smtp_port", Value::Null),
        ("smtp_username", Value::Null),
        ("smtp_password", Value::Null),
        // What is stored already is no exception: whoever may not change it may not hold it against others' changes.
        ("app_url", json!("https://app.example.com/")),
    ] {
        for who in [Who::Bob, Who::Eve, Who::BobToken, Who::RootToken] {
            let caller = world.as_known(who).await;
            for change in [json!({key: value}), json!({key: value, "telegram_bot_enabled": true})] {
                let reply = caller.call(UPDATE, json!([change])).await;
                let reason = "Sign in as root to change app_url and the mail account";
                assert_eq!((reply.status, reply.reason.as_str()), (403, reason), "{who:?} {change}");
            }
        }
    }
    assert_eq!(world.ok(&bob, READ, json!([])).await, before);
}
