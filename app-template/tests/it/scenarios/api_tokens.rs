use serde_json::{Value, json};

use crate::scenario::{Scenario, held, scenario};
use crate::world::{Who, World};

const CREATE: &str = "/v1/api-tokens/create";
const DELETE: &str = "/v1/api-tokens/delete";
const GET: &str = "/v1/api-tokens/get-permissions";
const READ: &str = "/v1/api-tokens/read";
const SET_ENABLED: &str = "/v1/api-tokens/set-enabled";
const SET: &str = "/v1/api-tokens/set-permissions";
const UPDATE: &str = "/v1/api-tokens/update-permissions";

fn row(id: &str, enabled: bool, permissions: &[&str]) -> Value {
    json!({
        "id": id, "name": "laptop", "enabled": enabled, "created": "2023-11-14T22:13:20.123Z", "last_used": null,
        "permissions": held(permissions),
    })
}

fn states(admin: bool) -> Value {
    let (name, description) = ("Administration", "Manage users and settings");
    json!([{"id": "admin", "name": name, "description": description, "enabled": admin}])
}

pub(super) fn table() -> Vec<Scenario> {
    [making(), reading(), changing(), permissions()].into_iter().flatten().collect()
}

fn making() -> Vec<Scenario> {
    let made = json!({
        "id": "5", "name": "Build server", "token": "$token", "enabled": true, "created": "$time", "permissions": {},
    });
    let long = "x".repeat(101);
    vec![
        scenario("a new token", Who::Ann, CREATE, json!([" Build server "])).data(made),
        scenario("no name", Who::Ann, CREATE, json!([""])).refused(&[("/0", "minLength")]),
        scenario("a long name", Who::Ann, CREATE, json!([long])).refused(&[("/0", "maxLength")]),
        scenario("U+0000", Who::Ann, CREATE, json!(["a\0b"])).refused(&[("/0", "pattern")]),
        scenario("no parameter", Who::Ann, CREATE, json!([])).refused(&[("/0", "required")]),
        scenario("by API token", Who::BobToken, CREATE, json!(["x"])).fails(403, "Sign in to do this"),
        scenario("guest", Who::Guest, CREATE, json!(["x"])).fails(401, "Not authenticated"),
    ]
}

fn reading() -> Vec<Scenario> {
    let both = json!([row("2", true, &[]), row("3", true, &["admin"])]);
    let backwards = json!([row("3", true, &["admin"]), row("2", true, &[])]);
    vec![
        scenario("own tokens", Who::Bob, READ, json!([])).data(both.clone()).total(2),
        scenario("none", Who::Eve, READ, json!([])).data(json!([])).total(0),
        scenario("ascending", Who::Bob, READ, json!([{"order_by": "id"}])).data(both).total(2),
        scenario("descending", Who::Bob, READ, json!([{"order_by": [["id", "desc"]]}])).data(backwards).total(2),
        scenario("the last page backwards", Who::Bob, READ, json!([{"order_by": [["id", "desc"]], "offset": 1}]))
            .data(json!([row("2", true, &[])]))
            .total(2),
        scenario("beyond it", Who::Bob, READ, json!([{"order_by": [["id", "desc"]], "offset": 2}]))
            .data(json!([]))
            .total(2),
        scenario("a page", Who::Bob, READ, json!([{"offset": 1, "limit": 1}]))
            .data(json!([row("3", true, &["admin"])]))
            .total(2),
        scenario("a large page", Who::Bob, READ, json!([{"limit": 101}])).refused(&[("/0/limit", "maximum")]),
        scenario("one", Who::Bob, READ, json!([{"id": "3"}])).data(row("3", true, &["admin"])),
        scenario("another's", Who::Bob, READ, json!([{"id": "1"}])).fails(404, "Token is not found"),
        scenario("no id", Who::Bob, READ, json!([{"id": "03"}])).fails(404, "Token is not found"),
        scenario("a filter", Who::Bob, READ, json!([{"where": {"id": "3"}}]))
            .data(json!([row("3", true, &["admin"])]))
            .total(1),
        scenario("a filter that nothing fits", Who::Bob, READ, json!([{"where": {"id": ["=", "1"]}}]))
            .data(json!([]))
            .total(0),
        scenario("an unknown field", Who::Bob, READ, json!([{"where": {"name": "x"}}]))
            .refused(&[("/0/where/name", "additionalProperties")]),
    ]
}

fn changing() -> Vec<Scenario> {
    let missing = "Token is not found";
    vec![
        scenario("delete", Who::Bob, DELETE, json!(["2"])).then(
            Who::Bob,
            READ,
            json!([]),
            json!([row("3", true, &["admin"])]),
        ),
        scenario("delete another's", Who::Bob, DELETE, json!(["1"])).fails(404, missing),
        scenario("delete nothing", Who::Bob, DELETE, json!(["99"])).fails(404, missing),
        scenario("delete no id", Who::Bob, DELETE, json!(["+2"])).fails(404, missing),
        scenario("delete by API token", Who::BobToken, DELETE, json!(["2"])).fails(403, "Sign in to do this"),
        scenario("disable", Who::Bob, SET_ENABLED, json!(["3", false]))
            .then(Who::Bob, READ, json!([{"id": "3"}]), row("3", false, &["admin"]))
            .then(Who::BobToken, READ, json!([]), Value::Null),
        scenario("enable", Who::Bob, SET_ENABLED, json!(["3", true]))
            .before(Who::Bob, SET_ENABLED, json!(["3", false]))
            .then(Who::BobToken, READ, json!([{"id": "2"}]), row("2", true, &[])),
        scenario("enable null", Who::Bob, SET_ENABLED, json!(["3", null])).refused(&[("/1", "type")]),
        scenario("enable another's", Who::Bob, SET_ENABLED, json!(["1", true])).fails(404, missing),
        scenario("enable by API token", Who::BobToken, SET_ENABLED, json!(["3", true]))
            .fails(403, "Sign in to do this"),
    ]
}

fn permissions() -> Vec<Scenario> {
    let missing = "Token is not found";
    vec![
        scenario("what a token holds", Who::Bob, GET, json!(["3"])).data(states(true)),
        scenario("what it does not", Who::Bob, GET, json!(["2"])).data(states(false)),
        scenario("by API token", Who::BobToken, GET, json!(["3"])).data(states(true)),
        scenario("of one who holds nothing", Who::Ann, GET, json!(["1"])).data(json!([])),
        scenario("of another", Who::Bob, GET, json!(["1"])).fails(404, missing),
        scenario("of a guest", Who::Guest, GET, json!(["1"])).fails(401, "Not authenticated"),
        scenario("give", Who::Bob, SET, json!(["2", {"admin": true}])).then(Who::Bob, GET, json!(["2"]), states(true)),
        scenario("replace by nothing", Who::Bob, SET, json!(["3", {}])).then(
            Who::Bob,
            GET,
            json!(["3"]),
            states(false),
        ),
        scenario("merge nothing", Who::Bob, UPDATE, json!(["3", {}])).then(Who::Bob, GET, json!(["3"]), states(true)),
        scenario("take", Who::Bob, UPDATE, json!(["3", {"admin": false}])).then(
            Who::Bob,
            GET,
            json!(["3"]),
            states(false),
        ),
        scenario("what the owner does not hold", Who::Bob, SET, json!(["2", {"admin": true, "audit": true}]))
            .refused(&[("/1/audit", "permission")])
            .then(Who::Bob, GET, json!(["2"]), states(false)),
        scenario("what nobody holds", Who::Bob, UPDATE, json!(["2", {"a/b": true}]))
            .refused(&[("/1/a~1b", "permission")]),
        scenario("null", Who::Bob, UPDATE, json!(["2", {"admin": null}])).refused(&[("/1/admin", "type")]),
        scenario("another's", Who::Bob, UPDATE, json!(["1", {"admin": true}])).fails(404, missing),
        scenario("set by API token", Who::BobToken, SET, json!(["2", {}])).fails(403, "Sign in to do this"),
        scenario("update by API token", Who::BobToken, UPDATE, json!(["2", {}])).fails(403, "Sign in to do this"),
    ]
}

#[test_waits::test]
async fn a_user_has_at_most_as_many_tokens_as_the_option_says() {
    let world = World::with(|options| options.tokens_per_user = 3).await;
    let ann = world.as_known(Who::Ann).await;
    for name in ["a", "b"] {
        world.ok(&ann, CREATE, json!([name])).await;
    }
    let reply = ann.call(CREATE, json!(["c"])).await;
    assert_eq!((reply.status, reply.reason.as_str()), (400, "There are too many API tokens"));
}

#[test_waits::test]
async fn when_a_token_was_used_is_written_in_the_background() {
    let world = World::new().await;
    let token = world.as_known(Who::BobToken).await;
    world.ok(&token, READ, json!([])).await;
    world.app.accounts().write_uses().await.unwrap();
    let read = world.ok(&token, READ, json!([{"id": "3"}])).await;
    assert_eq!(read["last_used"], "2023-11-14T22:13:20.123Z");
}
