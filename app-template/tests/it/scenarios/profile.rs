use app_template::{AppOptions, Avatars};
use serde_json::{Value, json};

use crate::scenario::{Scenario, held, scenario};
use crate::world::{Who, World, options};

const READ: &str = "/v1/profile/read";
const SET_EMAIL: &str = "/v1/profile/set-email";
const SET_TELEGRAM: &str = "/v1/profile/set-telegram-username";

fn ann(email: Option<&str>, confirmed: bool, telegram: Option<&str>) -> Value {
    json!({
        "id": "2", "name": "ann", "email": email, "email_confirmed": confirmed, "telegram_name": telegram,
        "enabled": true, "created": "2023-11-14T22:13:20.123Z", "permissions": {}, "avatar": null,
    })
}

pub(super) fn table() -> Vec<Scenario> {
    let confirmed = |telegram| ann(Some("ann@example.com"), true, telegram);
    let bob = json!({
        "id": "3", "name": "bob", "email": "bob@example.com", "email_confirmed": false, "telegram_name": null,
        "enabled": true, "created": "$time", "permissions": held(&["admin"]), "avatar": null,
    });
    vec![
        scenario("own profile", Who::Ann, READ, json!([])).data(confirmed(None)),
        scenario("by API token", Who::BobBareToken, READ, json!([])).data(bob),
        scenario("guest", Who::Guest, READ, json!([])).fails(401, "Not authenticated"),
        scenario(
            "a new address is unconfirmed, the old one is told",
            Who::Ann,
            SET_EMAIL,
            json!([" New@Example.com "]),
        )
        .mails(&[("ann@example.com", "The e-mail address of your account")])
        .then(Who::Ann, READ, json!([]), ann(Some("new@example.com"), false, None)),
        scenario("the same address stays confirmed", Who::Ann, SET_EMAIL, json!(["ANN@example.com"])).then(
            Who::Ann,
            READ,
            json!([]),
            confirmed(None),
        ),
        scenario("an address is removed", Who::Ann, SET_EMAIL, json!([null]))
            .mails(&[("ann@example.com", "The e-mail address of your account")])
            .then(Who::Ann, READ, json!([]), ann(None, false, None)),
        scenario("absent means none", Who::Bob, SET_EMAIL, json!([])),
        scenario("an unconfirmed address is not told", Who::Bob, SET_EMAIL, json!(["bob@example.org"])),
        scenario("an unconfirmed address keeps nobody out", Who::Ann, SET_EMAIL, json!(["bob@example.com"]))
            .mails(&[("ann@example.com", "The e-mail address of your account")]),
        scenario("another's confirmed address", Who::Bob, SET_EMAIL, json!(["ann@example.com"]))
            .fails(409, "E-mail address is taken"),
        scenario("no address", Who::Ann, SET_EMAIL, json!(["ann"])).refused(&[("/0", "format")]),
        scenario("U+0000", Who::Ann, SET_EMAIL, json!(["a\0@example.com"])).refused(&[("/0", "format")]),
        scenario("not a text", Who::Ann, SET_EMAIL, json!([1])).refused(&[("/0", "type")]),
        scenario("address by API token", Who::AnnToken, SET_EMAIL, json!(["x@example.com"]))
            .fails(403, "Sign in to do this"),
        scenario("address of a guest", Who::Guest, SET_EMAIL, json!([])).fails(401, "Not authenticated"),
        scenario("a Telegram name", Who::Ann, SET_TELEGRAM, json!([" Ann_Smith "])).then(
            Who::Ann,
            READ,
            json!([]),
            confirmed(Some("ann_smith")),
        ),
        scenario("a Telegram name is removed", Who::Ann, SET_TELEGRAM, json!([]))
            .before(Who::Ann, SET_TELEGRAM, json!(["ann_smith"]))
            .then(Who::Ann, READ, json!([]), confirmed(None)),
        scenario("a taken Telegram name", Who::Ann, SET_TELEGRAM, json!(["ann_smith"]))
            .before(Who::Bob, SET_TELEGRAM, json!(["ann_smith"]))
            .fails(409, "Telegram name is taken"),
        scenario("a short Telegram name", Who::Ann, SET_TELEGRAM, json!(["ann"])).refused(&[("/0", "minLength")]),
        scenario("U+0000 in it", Who::Ann, SET_TELEGRAM, json!(["ann\0ann"])).refused(&[("/0", "pattern")]),
        scenario("Telegram name by API token", Who::AnnToken, SET_TELEGRAM, json!(["ann_smith"]))
            .fails(403, "Sign in to do this"),
    ]
}

#[test_waits::test]
async fn a_picture_is_gravatars_when_the_option_says_so() {
    let options = AppOptions { avatars: Avatars::Gravatar, ..options() };
    let world = World::of(options).await;
    // SHA-256 of "ann@example.com".
    let avatar = "https://gravatar.com/avatar/71d4f55f72fa128dfb468a1a3901507c804b74316488744d769d7f4b16696476";
    let ann = world.as_known(Who::Ann).await;
    assert_eq!(world.ok(&ann, READ, json!([])).await["avatar"], avatar);
    assert_eq!(world.ok(&ann, "/v1/session/signin", json!([])).await["auth"]["avatar"], avatar);
    assert_eq!(world.ok(&world.as_known(Who::Eve).await, READ, json!([])).await["avatar"], Value::Null);
}
