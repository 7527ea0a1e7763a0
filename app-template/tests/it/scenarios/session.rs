use rpc_auth::ConfirmationKind;
use serde_json::{Value, json};

use crate::scenario::{Scenario, held, scenario};
use crate::world::{OTHER_PASSWORD, PASSWORD, Who, World};

const SIGNIN: &str = "/v1/session/signin";
const SIGNOUT: &str = "/v1/session/signout";
const SIGNUP: &str = "/v1/session/signup";
const CONFIRM: &str = "/v1/session/confirm-email-by-token";
const SET_PASSWORD: &str = "/v1/session/set-password-by-token";
const SEND_CONFIRMATION: &str = "/v1/session/send-confirmation-email";
const SEND_RESET: &str = "/v1/session/send-password-reset-email";
const PROFILE: &str = "/v1/profile/read";
const BAD_CREDENTIALS: &str = "User name or password is wrong";

fn auth(id: &str, name: &str, permissions: &[&str]) -> Value {
    let permissions = held(permissions);
    json!({"is_authenticated": true, "user_id": id, "username": name, "permissions": permissions, "avatar": null})
}

fn signed_in(id: &str, name: &str, permissions: &[&str]) -> Value {
    json!({"token": "$token", "auth": auth(id, name, permissions), "settings": {}})
}

fn present(id: &str, name: &str, permissions: &[&str]) -> Value {
    json!({"auth": auth(id, name, permissions), "settings": {}})
}

fn credentials(username: &str, password: &str) -> Value {
    json!([{"username": username, "password": password}])
}

pub(super) fn table() -> Vec<Scenario> {
    [signing_in(), signing_in_by_token(), signing_out(), signing_up(), mails(), tokens()]
        .into_iter()
        .flatten()
        .collect()
}

fn signing_in() -> Vec<Scenario> {
    let with = |required: Value| json!([{"username": "bob", "password": PASSWORD}, required]);
    let unconfirmed = credentials("bob@example.com", PASSWORD);
    vec![
        scenario("by name", Who::Guest, SIGNIN, credentials(" ANN ", PASSWORD)).data(signed_in("2", "ann", &[])),
        scenario("by confirmed address", Who::Guest, SIGNIN, credentials("Ann@Example.com", PASSWORD)).data(signed_in(
            "2",
            "ann",
            &[],
        )),
        scenario("by unconfirmed address", Who::Guest, SIGNIN, unconfirmed).fails(401, BAD_CREDENTIALS),
        scenario("root", Who::Guest, SIGNIN, credentials("root", PASSWORD)).data(signed_in(
            "1",
            "root",
            &["admin", "audit"],
        )),
        scenario("wrong password", Who::Guest, SIGNIN, credentials("ann", OTHER_PASSWORD)).fails(401, BAD_CREDENTIALS),
        scenario("unknown", Who::Guest, SIGNIN, credentials("zoe", PASSWORD)).fails(401, BAD_CREDENTIALS),
        scenario("by id", Who::Guest, SIGNIN, credentials("2", PASSWORD)).fails(401, BAD_CREDENTIALS),
        scenario("U+0000", Who::Guest, SIGNIN, credentials("ann\0", PASSWORD)).fails(401, BAD_CREDENTIALS),
        scenario("disabled", Who::Guest, SIGNIN, credentials("cid", PASSWORD)).fails(401, BAD_CREDENTIALS),
        scenario("a present token is not looked at", Who::Bob, SIGNIN, credentials("ann", PASSWORD)).data(signed_in(
            "2",
            "ann",
            &[],
        )),
        scenario("no password", Who::Guest, SIGNIN, json!([{"username": "ann"}])).refused(&[("/0", "required")]),
        scenario("more", Who::Guest, SIGNIN, json!([{"username": "ann", "password": PASSWORD, "x": 1}]))
            .refused(&[("/0/x", "additionalProperties")]),
        scenario("with a permission", Who::Guest, SIGNIN, with(json!(["audit", "admin"]))).data(signed_in(
            "3",
            "bob",
            &["admin"],
        )),
        scenario("as a user", Who::Guest, SIGNIN, with(json!(["user"]))).data(signed_in("3", "bob", &["admin"])),
        scenario("unchecked", Who::Guest, SIGNIN, with(Value::Null)).data(signed_in("3", "bob", &["admin"])),
        scenario("without the permission", Who::Guest, SIGNIN, with(json!(["audit"]))).fails(403, "Not permitted"),
        scenario("as root", Who::Guest, SIGNIN, with(json!(["root"]))).fails(403, "Not permitted"),
        scenario("as nobody", Who::Guest, SIGNIN, with(json!([]))).fails(403, "Not permitted"),
        scenario("what is a text", Who::Guest, SIGNIN, with(json!("admin"))).refused(&[("/1", "type")]),
    ]
}

fn signing_in_by_token() -> Vec<Scenario> {
    let required = |required: Value| json!([null, required]);
    vec![
        scenario("by session", Who::Bob, SIGNIN, json!([])).data(present("3", "bob", &["admin"])),
        scenario("root by session", Who::Root, SIGNIN, required(json!(["root"]))).data(present(
            "1",
            "root",
            &["admin", "audit"],
        )),
        scenario("by API token", Who::BobBareToken, SIGNIN, json!([])).data(present("3", "bob", &[])),
        scenario("by API token with its permission", Who::BobToken, SIGNIN, required(json!(["admin"]))).data(present(
            "3",
            "bob",
            &["admin"],
        )),
        scenario("an API token is not its owner", Who::BobBareToken, SIGNIN, required(json!(["admin"])))
            .fails(403, "Not permitted"),
        scenario("an API token is never root", Who::RootToken, SIGNIN, required(json!(["root"])))
            .fails(403, "Not permitted"),
        scenario("nobody", Who::Bob, SIGNIN, required(json!([]))).fails(403, "Not permitted"),
        scenario("no token", Who::Guest, SIGNIN, json!([])).fails(401, "Not authenticated"),
        scenario("no token, nobody", Who::Guest, SIGNIN, required(json!([]))).fails(401, "Not authenticated"),
    ]
}

fn signing_out() -> Vec<Scenario> {
    vec![
        scenario("session", Who::Ann, SIGNOUT, json!([])),
        scenario("API token", Who::AnnToken, SIGNOUT, json!([])).fails(404, "Session is not found"),
        scenario("guest", Who::Guest, SIGNOUT, json!([])).fails(404, "Session is not found"),
        scenario("parameters", Who::Ann, SIGNOUT, json!([1])).refused(&[("/0", "maxItems")]),
    ]
}

fn signing_up() -> Vec<Scenario> {
    const REGISTERED: &str = "You were registered.";
    let fields = |fields: Value| json!([fields]);
    let zoe = fields(json!({
        "username": " Zoe ", "password": OTHER_PASSWORD, "email": "ZOE@example.com", "telegram_name": "zoe_zoe",
        "id": "1", "permissions": {"admin": true}, "enabled": false, "email_confirmed": true, "created": 1,
    }));
    let row = json!({
        "id": "6", "name": "zoe", "email": "zoe@example.com", "email_confirmed": false, "telegram_name": "zoe_zoe",
        "enabled": true, "created": "$time", "permissions": {}, "avatar": null,
    });
    let without_password = fields(json!({"username": "zoe", "email": "zoe@example.com"}));
    let owned = fields(json!({"username": "zoe", "password": OTHER_PASSWORD, "email": "ann@example.com"}));
    let many = json!({"username": "a\0b", "password": "short", "email": "x", "telegram_name": "no"});
    let many_faults = [
        ("/0/username", "pattern"),
        ("/0/email", "format"),
        ("/0/telegram_name", "minLength"),
        ("/0/password", "minLength"),
    ];
    vec![
        scenario("all fields, and more", Who::Guest, SIGNUP, zoe).reason(REGISTERED).then(
            Who::Root,
            "/v1/admin/users/read",
            json!([{"id": "6"}]),
            row,
        ),
        scenario("without password", Who::Guest, SIGNUP, without_password)
            .reason(REGISTERED)
            .mails(&[("zoe@example.com", "Set your password for Acme")]),
        scenario("without anything", Who::Guest, SIGNUP, fields(json!({"username": "zoe"}))).reason(REGISTERED),
        scenario("a confirmed address", Who::Guest, SIGNUP, owned)
            .reason(REGISTERED)
            .mails(&[("ann@example.com", "You already have an account at Acme")]),
        scenario(
            "an unconfirmed address keeps nobody out",
            Who::Guest,
            SIGNUP,
            fields(json!({"username": "zoe", "password": OTHER_PASSWORD, "email": "bob@example.com"})),
        )
        .reason(REGISTERED),
        scenario("a taken name", Who::Guest, SIGNUP, fields(json!({"username": "ANN", "password": OTHER_PASSWORD})))
            .fails(409, "User name is taken"),
        scenario("a reserved name", Who::Guest, SIGNUP, fields(json!({"username": "root"})))
            .refused(&[("/0/username", "reserved")]),
        scenario("a number", Who::Guest, SIGNUP, fields(json!({"username": "123"}))).refused(&[("/0/username", "not")]),
        scenario(
            "the password is the name",
            Who::Guest,
            SIGNUP,
            fields(json!({"username": "zoezoezoe", "password": "ZoeZoeZoe"})),
        )
        .refused(&[("/0/password", "context")]),
        scenario("all that is wrong", Who::Guest, SIGNUP, fields(many)).refused(&many_faults),
        scenario("no name", Who::Guest, SIGNUP, fields(json!({}))).refused(&[("/0", "required")]),
        scenario("as a user", Who::Ann, SIGNUP, fields(json!({"username": "zoe"}))).reason(REGISTERED),
    ]
}

fn mails() -> Vec<Scenario> {
    let confirm = [("bob@example.com", "Confirm your e-mail address for Acme")];
    let reset = |to| [(to, "Set a new password for Acme")];
    let set_email = |email: Value| (Who::Ann, "/v1/profile/set-email", json!([email]));
    let (who, path, left) = set_email(json!("left@example.com"));
    vec![
        scenario("confirm by name", Who::Guest, SEND_CONFIRMATION, json!(["Bob"])).mails(&confirm),
        scenario("confirm by unconfirmed address", Who::Guest, SEND_CONFIRMATION, json!(["bob@example.com"])),
        scenario("confirm what is confirmed", Who::Guest, SEND_CONFIRMATION, json!(["ann"])),
        scenario("confirm nothing", Who::Guest, SEND_CONFIRMATION, json!(["eve"])),
        scenario("confirm disabled", Who::Guest, SEND_CONFIRMATION, json!(["cid"])),
        scenario("confirm unknown", Who::Guest, SEND_CONFIRMATION, json!(["zoe"])),
        scenario("confirm U+0000", Who::Guest, SEND_CONFIRMATION, json!(["bob\0"])),
        scenario("confirm number", Who::Guest, SEND_CONFIRMATION, json!([3])).refused(&[("/0", "type")]),
        scenario("reset by address", Who::Guest, SEND_RESET, json!(["ann@example.com"]))
            .mails(&reset("ann@example.com")),
        scenario("reset by name", Who::Ann, SEND_RESET, json!(["ann"])).mails(&reset("ann@example.com")),
        scenario("reset to an address that was never confirmed", Who::Guest, SEND_RESET, json!(["bob"]))
            .mails(&reset("bob@example.com")),
        scenario("reset to an unconfirmed address after a confirmed one", Who::Guest, SEND_RESET, json!(["ann"]))
            .before(who, path, left),
        scenario("reset without address", Who::Guest, SEND_RESET, json!(["eve"])),
        scenario("reset number", Who::Guest, SEND_RESET, json!([2])).refused(&[("/0", "type")]),
        scenario("reset disabled", Who::Guest, SEND_RESET, json!(["cid"])),
        scenario("reset unknown", Who::Guest, SEND_RESET, json!(["zoe@example.com"])),
    ]
}

fn tokens() -> Vec<Scenario> {
    let invalid = "Token is invalid";
    vec![
        scenario("no token", Who::Guest, CONFIRM, json!([""])).fails(400, invalid),
        scenario("a text", Who::Guest, CONFIRM, json!(["app_confirm_x"])).fails(400, invalid),
        scenario("the token of a mail", Who::Guest, CONFIRM, json!(["$email-token"])),
        scenario("a token of the other kind", Who::Guest, CONFIRM, json!(["$reset-token"])).fails(400, invalid),
        scenario("the token of a mail", Who::Guest, SET_PASSWORD, json!(["$reset-token", OTHER_PASSWORD])).then(
            Who::Guest,
            SIGNIN,
            credentials("bob", OTHER_PASSWORD),
            json!("$any"),
        ),
        scenario("a weak password", Who::Guest, SET_PASSWORD, json!(["$reset-token", "password1"]))
            .refused(&[("/1", "common")]),
        scenario("null", Who::Guest, CONFIRM, json!([null])).refused(&[("/0", "type")]),
        scenario("no reset token", Who::Guest, SET_PASSWORD, json!(["x", OTHER_PASSWORD])).fails(400, invalid),
        scenario("no password", Who::Guest, SET_PASSWORD, json!(["x"])).refused(&[("/1", "required")]),
    ]
}

#[test_waits::test]
async fn the_link_of_a_mail_confirms_an_address() {
    let world = World::new().await;
    world.ok(&world.guest(), SEND_CONFIRMATION, json!(["bob"])).await;
    let mails = world.mails(1).await;
    let token = crate::world::token_in(&mails[0]);
    assert!(mails[0].text().contains(&format!("https://app.example.com/#/confirm-email/{token}")));
    world.ok(&world.guest(), CONFIRM, json!([token])).await;
    let bob = world.as_known(Who::Bob).await;
    assert_eq!(world.ok(&bob, PROFILE, json!([])).await["email_confirmed"], true);
    assert!(world.mails(0).await.is_empty());
}

#[test_waits::test]
async fn the_link_of_a_mail_sets_a_password_and_a_bad_one_can_be_tried_again() {
    let world = World::new().await;
    world.ok(&world.guest(), SEND_RESET, json!(["bob"])).await;
    let mails = world.mails(1).await;
    let token = crate::world::token_in(&mails[0]);
    assert!(mails[0].text().contains(&format!("https://app.example.com/#/reset-password/{token}")));
    let reply = world.guest().call(SET_PASSWORD, json!([token, "short"])).await;
    assert_eq!((reply.status, reply.details.errors[0].pointer.as_str()), (400, "/1"));
    world.ok(&world.guest(), SET_PASSWORD, json!([token, OTHER_PASSWORD])).await;
    assert_eq!(world.try_sign_in("bob", PASSWORD).await.status, 401);
    let bob = world.guest().token(&world.sign_in("bob", OTHER_PASSWORD).await);
    assert_eq!(world.ok(&bob, PROFILE, json!([])).await["email_confirmed"], true);
}

#[test_waits::test]
async fn nobody_signs_up_when_it_is_off_and_an_admin_enables_them_when_it_says_so() {
    use rpc_auth::SignUp;
    let fields = json!([{"username": "zoe", "password": PASSWORD}]);
    let world = World::with(|options| options.sign_up = SignUp::Off).await;
    let reply = world.guest().call(SIGNUP, fields.clone()).await;
    assert_eq!((reply.status, reply.reason.as_str()), (403, "Sign-up is closed"));
    let world = World::with(|options| options.sign_up = SignUp::Disabled).await;
    world.ok(&world.guest(), SIGNUP, fields).await;
    assert_eq!(world.try_sign_in("zoe", PASSWORD).await.status, 401);
    world.ok(&world.as_known(Who::Bob).await, "/v1/admin/users/set-enabled", json!(["zoe", true])).await;
    assert_eq!(world.try_sign_in("zoe", PASSWORD).await.status, 200);
}

#[test_waits::test]
async fn a_dead_token_keeps_nobody_from_signing_in() {
    let world = World::new().await;
    let token = world.token(Who::Ann).await.unwrap();
    let ann = world.guest().token(&token);
    world.ok(&ann, SIGNOUT, json!([])).await;
    for dead in [&ann, &world.guest().token("nonsense")] {
        assert_eq!(dead.call(PROFILE, json!([])).await.status, 401);
        assert_eq!(dead.call(SIGNIN, json!([])).await.status, 401);
        assert_eq!(dead.call(SIGNOUT, json!([])).await.status, 401);
        assert_eq!(dead.call(SIGNIN, credentials("ann", PASSWORD)).await.status, 200);
        assert_eq!(dead.call(SEND_RESET, json!(["ann"])).await.status, 200);
    }
}

#[test_waits::test]
async fn the_session_that_was_idle_longest_makes_room() {
    let world = World::with(|options| options.sessions_per_user = 2).await;
    let first = world.token(Who::Ann).await.unwrap();
    world.clock.advance(crate::world::HOUR);
    let second = world.token(Who::Ann).await.unwrap();
    // What is known of it by heart is forgotten with it.
    world.ok(&world.guest().token(&first), PROFILE, json!([])).await;
    world.clock.advance(crate::world::HOUR);
    world.ok(&world.guest().token(&second), PROFILE, json!([])).await;
    world.app.accounts().write_uses().await.unwrap();
    let third = world.token(Who::Ann).await.unwrap();
    let mut statuses = Vec::new();
    for token in [first, second, third] {
        statuses.push(world.guest().token(&token).call(PROFILE, json!([])).await.status);
    }
    assert_eq!(statuses, [401, 200, 200]);
}

#[test_waits::test]
async fn at_most_three_mails_an_hour_go_to_an_address_for_one_reason() {
    let world = World::new().await;
    for _ in 0..5 {
        world.ok(&world.guest(), SEND_RESET, json!(["ann"])).await;
        world.ok(&world.guest(), SEND_CONFIRMATION, json!(["bob"])).await;
    }
    world.mails(6).await;
    world.clock.advance(crate::world::HOUR);
    world.ok(&world.guest(), SEND_RESET, json!(["ann"])).await;
    let token = world.mailed_token().await;
    world.ok(&world.guest(), SET_PASSWORD, json!([token, OTHER_PASSWORD])).await;
    // The kind of a token matters, whoever has it.
    let token = world.confirmation(3, "bob@example.com", ConfirmationKind::Email).await;
    assert_eq!(world.guest().call(SET_PASSWORD, json!([token, OTHER_PASSWORD])).await.status, 400);
}
