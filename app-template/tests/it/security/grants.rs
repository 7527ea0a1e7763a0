//! What administrators may do to whom.

use serde_json::{Value, json};

use crate::world::{OTHER_PASSWORD, PASSWORD, Who, World};

/// The methods that change a user, with parameters after the user.
fn changes() -> Vec<(&'static str, Vec<Value>)> {
    vec![
        ("/v1/admin/users/delete", vec![]),
        ("/v1/admin/users/set-enabled", vec![json!(false)]),
        ("/v1/admin/users/set-permissions", vec![json!({})]),
        ("/v1/admin/users/update-permissions", vec![json!({"admin": true})]),
        ("/v1/admin/users/set-password", vec![json!(OTHER_PASSWORD)]),
        ("/v1/admin/users/set-username", vec![json!("renamed")]),
    ]
}

fn params(user: &str, more: &[Value]) -> Value {
    Value::Array([&[json!(user)], more].concat())
}

#[test_waits::test]
async fn root_oneself_and_whoever_holds_more_are_protected_from_every_change() {
    for (path, more) in changes() {
        let own = matches!(path, "/v1/admin/users/set-password" | "/v1/admin/users/set-username");
        for (who, target, status) in [
            (Who::Bob, "1", 400),
            (Who::BobToken, "root", 400),
            (Who::RootToken, "1", 400),
            (Who::Bob, "eve", 403),
            (Who::BobToken, "5", 403),
            (Who::RootToken, "5", 403),
            (Who::RootToken, "bob", 200),
            (Who::Bob, "3", if own { 200 } else { 400 }),
            (Who::BobToken, "3", if own { 403 } else { 400 }),
            (Who::BobToken, "bob", if own { 403 } else { 400 }),
            (Who::BobToken, "ann", 200),
            (Who::Bob, "ann", 200),
            (Who::Eve, "bob", 200),
            (Who::Root, "eve", 200),
        ] {
            let world = World::new().await;
            let reply = world.as_known(who).await.call(path, params(target, &more)).await;
            assert_eq!(reply.status, status, "{who:?} {path} {target}: {reply:?}");
            if status != 200 {
                assert_eq!(world.try_sign_in("eve", PASSWORD).await.status, 200, "{path}");
                assert_eq!(world.try_sign_in("root", PASSWORD).await.status, 200, "{path}");
            }
        }
    }
}

#[test_waits::test]
async fn nothing_but_a_plain_number_is_the_id_of_root() {
    let world = World::new().await;
    let (bob, root) = (world.as_known(Who::Bob).await, world.as_known(Who::Root).await);
    for text in ["01", "+1", " 1", "1 ", "1.0", "1e0", "１", "0x1", "-1", "", "0", "9223372036854775809"] {
        for (path, more) in changes() {
            for client in [&bob, &root] {
                let reply = client.call(path, params(text, &more)).await;
                assert_eq!((reply.status, reply.reason.as_str()), (404, "User is not found"), "{path} {text:?}");
            }
        }
    }
    assert_eq!(world.try_sign_in("root", PASSWORD).await.status, 200);
}

#[test_waits::test]
async fn nobody_grants_what_they_do_not_hold_in_any_combination() {
    let methods = ["/v1/admin/users/set-permissions", "/v1/admin/users/update-permissions"];
    for (who, grants, status) in [
        (Who::Bob, json!({"admin": true}), 200),
        (Who::Bob, json!({"admin": false}), 200),
        (Who::Bob, json!({"audit": true}), 400),
        (Who::Bob, json!({"audit": false}), 400),
        (Who::Bob, json!({"admin": true, "audit": true}), 400),
        (Who::Bob, json!({"nope": true}), 400),
        (Who::Bob, json!({"*": true}), 400),
        (Who::Bob, json!({"toString": true}), 400),
        (Who::Eve, json!({"admin": true, "audit": true}), 200),
        (Who::Eve, json!({"admin": true, "root": true}), 400),
        (Who::Root, json!({"admin": true, "audit": true}), 200),
        (Who::Root, json!({"user": true}), 400),
    ] {
        for path in methods {
            let world = World::new().await;
            let client = world.as_known(who).await;
            let reply = client.call(path, json!(["ann", grants])).await;
            assert_eq!(reply.status, status, "{who:?} {path} {grants}");
            let ann = world.as_known(Who::Root).await.call("/v1/admin/users/read", json!([{"id": "2"}])).await;
            let held = ann.data["permissions"].as_object().unwrap();
            let given = grants.as_object().unwrap().values().filter(|value| **value == true).count();
            assert_eq!(held.len(), if status == 200 { given } else { 0 }, "{who:?} {path} {grants}");
        }
        let world = World::new().await;
        let fields = json!([{"username": "zoe", "permissions": grants}]);
        let reply = world.as_known(who).await.call("/v1/admin/users/create", fields).await;
        assert_eq!(reply.status, status, "{who:?} create {grants}");
    }
}

#[test_waits::test]
async fn a_token_grants_and_changes_no_more_than_was_given_to_it() {
    let world = World::new().await;
    let eve = world.as_known(Who::Eve).await;
    let made = world.ok(&eve, "/v1/api-tokens/create", json!(["half"])).await;
    world.ok(&eve, "/v1/api-tokens/set-permissions", json!([made["id"], {"admin": true}])).await;
    let auditor = json!([{"username": "zoe", "permissions": {"audit": true}}]);
    world.ok(&eve, "/v1/admin/users/create", auditor.clone()).await;
    let token = world.guest().token(made["token"].as_str().unwrap());
    for (path, params, status) in [
        ("/v1/admin/users/create", json!([{"username": "yan", "permissions": {"audit": true}}]), 400),
        ("/v1/admin/users/set-permissions", json!(["ann", {"audit": true}]), 400),
        ("/v1/admin/users/update-permissions", json!(["ann", {"audit": false}]), 400),
        ("/v1/admin/users/update-permissions", json!(["zoe", {"admin": true}]), 403),
        ("/v1/admin/users/set-password", json!(["zoe"]), 403),
        ("/v1/admin/users/set-permissions", json!(["ann", {"admin": true}]), 200),
    ] {
        assert_eq!(token.call(path, params.clone()).await.status, status, "{path} {params}");
    }
    let states = world.ok(&token, "/v1/admin/users/get-permissions", json!(["zoe"])).await;
    assert_eq!((states.as_array().unwrap().len(), &states[0]["id"]), (1, &json!("admin")));
}

#[test_waits::test]
async fn merging_writes_what_was_stored_and_not_what_holds_for_now() {
    let world = World::new().await;
    let (root, bob) = (world.as_known(Who::Root).await, world.as_known(Who::Bob).await);
    // Ann's token is given what she holds; she loses it and gets it back: so does the token.
    world.ok(&root, "/v1/admin/users/set-permissions", json!(["ann", {"admin": true, "audit": true}])).await;
    let ann = world.as_known(Who::Ann).await;
    world.ok(&ann, "/v1/api-tokens/set-permissions", json!(["1", {"admin": true, "audit": true}])).await;
    world.ok(&root, "/v1/admin/users/update-permissions", json!(["ann", {"audit": false}])).await;
    world.ok(&ann, "/v1/api-tokens/update-permissions", json!(["1", {"admin": false}])).await;
    world.ok(&root, "/v1/admin/users/update-permissions", json!(["ann", {"audit": true}])).await;
    let token = world.ok(&ann, "/v1/api-tokens/read", json!([{"id": "1"}])).await;
    assert_eq!(token["permissions"], json!({"audit": true}));
    // Replacing leaves alone what the granter does not hold: here nothing, since Ann holds more than Bob.
    assert_eq!(bob.call("/v1/admin/users/set-permissions", json!(["ann", {}])).await.status, 403);
}

#[test_waits::test]
async fn a_token_holds_no_more_than_its_owner_at_every_moment_on_every_node() {
    let world = World::new().await;
    let other = rpc_core::TestClient::new(world.another_node().await);
    let token = world.token(Who::BobToken).await.unwrap();
    let (here, there) = (world.guest().token(&token), other.token(&token));
    let read = "/v1/admin/users/read";
    assert_eq!((here.call(read, json!([])).await.status, there.call(read, json!([])).await.status), (200, 200));
    let eve = world.as_known(Who::Eve).await;
    world.ok(&eve, "/v1/admin/users/update-permissions", json!(["bob", {"admin": false}])).await;
    assert_eq!((here.call(read, json!([])).await.status, there.call(read, json!([])).await.status), (403, 403));
    world.ok(&eve, "/v1/admin/users/update-permissions", json!(["bob", {"admin": true}])).await;
    assert_eq!((here.call(read, json!([])).await.status, there.call(read, json!([])).await.status), (200, 200));
}

#[test_waits::test]
async fn an_api_token_takes_no_account_over() {
    let world = World::new().await;
    for (who, path, params) in [
        (Who::AnnToken, "/v1/profile/set-email", json!(["thief@example.com"])),
        (Who::AnnToken, "/v1/profile/set-telegram-username", json!(["thief"])),
        (Who::BobToken, "/v1/api-tokens/create", json!(["more"])),
        (Who::BobToken, "/v1/api-tokens/set-permissions", json!(["2", {"admin": true}])),
        (Who::RootToken, "/v1/profile/set-email", json!(["thief@example.com"])),
    ] {
        let reply = world.as_known(who).await.call(path, params).await;
        assert_eq!((reply.status, reply.reason.as_str()), (403, "Sign in to do this"), "{path}");
    }
    assert!(world.mails(0).await.is_empty());
}

#[test_waits::test]
async fn an_api_token_changes_nothing_that_its_owner_signs_in_with() {
    for (path, more) in [
        ("/v1/admin/users/set-password", vec![json!(OTHER_PASSWORD)]),
        ("/v1/admin/users/set-password", vec![]),
        ("/v1/admin/users/set-username", vec![json!("robert")]),
        ("/v1/admin/users/set-username", vec![json!("robert"), json!(OTHER_PASSWORD)]),
        ("/v1/admin/users/set-username", vec![json!("bob"), json!(OTHER_PASSWORD)]),
    ] {
        for (target, is_own) in [("3", true), ("bob", true), (" BOB ", true), ("ann", false)] {
            let world = World::new().await;
            let token = world.as_known(Who::BobToken).await;
            let reply = token.call(path, params(target, &more)).await;
            let is_taken = !is_own && more.first() == Some(&json!("bob"));
            let expected = if is_own {
                (403, "Sign in to do this")
            } else if is_taken {
                (409, "User name is taken")
            } else {
                (200, "OK")
            };
            assert_eq!((reply.status, reply.reason.as_str()), expected, "{path} {target} {more:?}");
            assert_eq!(world.try_sign_in("bob", PASSWORD).await.status, 200, "{path} {target} {more:?}");
            assert_eq!(world.try_sign_in("bob", OTHER_PASSWORD).await.status, 401, "{path} {target} {more:?}");
        }
    }
    let world = World::new().await;
    let reply = world.as_known(Who::RootToken).await.call("/v1/admin/users/set-password", json!(["root"])).await;
    assert_eq!((reply.status, world.try_sign_in("root", PASSWORD).await.status), (400, 200));
}

#[test_waits::test]
async fn null_is_no_false_and_no_empty_text() {
    let world = World::new().await;
    let root = world.as_known(Who::Root).await;
    for (path, params) in [
        ("/v1/admin/users/set-enabled", json!(["ann", null])),
        ("/v1/admin/users/set-enabled", json!(["ann"])),
        ("/v1/admin/users/set-enabled", json!([null, false])),
        ("/v1/admin/users/set-username", json!(["ann", null])),
        ("/v1/admin/users/update-permissions", json!(["ann", null])),
        ("/v1/admin/users/update-permissions", json!(["ann", {"admin": null}])),
        ("/v1/admin/users/create", json!([{"username": null}])),
        ("/v1/admin/users/delete", json!([null])),
        ("/v1/admin/settings/update", json!([{"telegram_bot_enabled": null}])),
        ("/v1/api-tokens/create", json!([null])),
        ("/v1/api-tokens/set-enabled", json!(["4", null])),
    ] {
        assert_eq!(root.call(path, params.clone()).await.status, 400, "{path} {params}");
    }
    world.as_known(Who::Ann).await;
    world.ok(&world.as_known(Who::RootToken).await, "/v1/profile/read", json!([])).await;
}
