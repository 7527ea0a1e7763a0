use serde_json::{Value, json};

use crate::scenario::{Scenario, held, scenario};
use crate::world::{OTHER_PASSWORD, PASSWORD, Who};

const CREATE: &str = "/v1/admin/users/create";
const DELETE: &str = "/v1/admin/users/delete";
const GET: &str = "/v1/admin/users/get-permissions";
const READ: &str = "/v1/admin/users/read";
const SET_ENABLED: &str = "/v1/admin/users/set-enabled";
const SET_PASSWORD: &str = "/v1/admin/users/set-password";
const SET: &str = "/v1/admin/users/set-permissions";
const SET_USERNAME: &str = "/v1/admin/users/set-username";
const SUGGEST: &str = "/v1/admin/users/suggest";
const UPDATE: &str = "/v1/admin/users/update-permissions";
const SIGNIN: &str = "/v1/session/signin";

const MISSING: &str = "User is not found";
const NOT_ROOT: &str = "The root user cannot be changed like this";
const NOT_ONESELF: &str = "You cannot do this to yourself";
const HOLDS_MORE: &str = "The user holds a permission that you do not hold";

fn row(id: &str, name: &str, email: Option<&str>, confirmed: bool, permissions: &[&str]) -> Value {
    json!({
        "id": id, "name": name, "email": email, "email_confirmed": confirmed, "telegram_name": null,
        "enabled": id != "4", "created": "2023-11-14T22:13:20.123Z", "permissions": held(permissions), "avatar": null,
    })
}

fn rows(names: &[&str]) -> Value {
    let row = |name: &&str| match *name {
        "root" => row("1", "root", None, false, &["admin", "audit"]),
        "ann" => row("2", "ann", Some("ann@example.com"), true, &[]),
        "bob" => row("3", "bob", Some("bob@example.com"), false, &["admin"]),
        "cid" => row("4", "cid", Some("cid@example.com"), true, &[]),
        _ => row("5", "eve", None, false, &["admin", "audit"]),
    };
    names.iter().map(row).collect()
}

fn states(admin: bool) -> Value {
    let (name, description) = ("Administration", "Manage users and settings");
    json!([{"id": "admin", "name": name, "description": description, "enabled": admin}])
}

pub(super) fn table() -> Vec<Scenario> {
    [reading(), suggesting(), creating(), deleting(), enabling(), passwords(), names(), permissions(), merging()]
        .into_iter()
        .flatten()
        .collect()
}

fn reading() -> Vec<Scenario> {
    let list = |name, options: Value, names: &[&str], total| {
        scenario(name, Who::Bob, READ, json!([options])).data(rows(names)).total(total)
    };
    let search = |name, text: &str, names: &[&str], total| {
        list(name, json!({"where": {"search": ["like", text]}}), names, total)
    };
    vec![
        list("by name", Value::Null, &["ann", "bob", "cid", "eve"], 4),
        scenario("root sees root", Who::Root, READ, json!([]))
            .data(rows(&["ann", "bob", "cid", "eve", "root"]))
            .total(5),
        scenario("root's token does not", Who::RootToken, READ, json!([]))
            .data(rows(&["ann", "bob", "cid", "eve"]))
            .total(4),
        list("by id, backwards", json!({"order_by": [["id", "desc"]]}), &["eve", "cid", "bob", "ann"], 4),
        list("by enabled, then id", json!({"order_by": "enabled"}), &["cid", "ann", "bob", "eve"], 4),
        list(
            "by several",
            json!({"order_by": [["enabled", "desc"], ["name", "desc"]]}),
            &["eve", "bob", "ann", "cid"],
            4,
        ),
        list("ties go by id", json!({"order_by": ["created"]}), &["ann", "bob", "cid", "eve"], 4),
        list("a page", json!({"offset": 1, "limit": 2}), &["bob", "cid"], 4),
        list("beyond the end", json!({"offset": 9}), &[], 4),
        search("a name", "NN", &["ann"], 1),
        search("an address", "@example", &["ann", "bob", "cid"], 3),
        search("a percent sign is itself", "%", &[], 0),
        search("an underscore too", "_", &[], 0),
        search("a backslash too", "\\", &[], 0),
        search("U+0000 is nowhere", "\0", &[], 0),
        list("a filter", json!({"where": {"id": "3"}}), &["bob"], 1),
        list("another", json!({"where": {"id": ["=", "3"], "search": ["like", "ann"]}}), &[], 0),
        list("root is not found", json!({"where": {"id": "1"}}), &[], 0),
        list("no id is not found", json!({"where": {"id": "03"}}), &[], 0),
        scenario("one", Who::Bob, READ, json!([{"id": "2"}])).data(rows(&["ann"])[0].clone()),
        scenario("one that another filter leaves out", Who::Bob, READ, json!([{"id": "2", "where": {"id": "3"}}]))
            .fails(404, MISSING),
        scenario("root is not one", Who::Bob, READ, json!([{"id": "1"}])).fails(404, MISSING),
        scenario("no id is none", Who::Bob, READ, json!([{"id": " 2"}])).fails(404, MISSING),
        scenario("no rows", Who::Bob, READ, json!([{"limit": 0}])).refused(&[("/0/limit", "minimum")]),
        scenario("many rows", Who::Bob, READ, json!([{"limit": 101}])).refused(&[("/0/limit", "maximum")]),
        scenario("by a field that is none", Who::Bob, READ, json!([{"order_by": "password"}]))
            .refused(&[("/0/order_by", "enum")]),
        scenario("a bare like", Who::Bob, READ, json!([{"where": {"search": "ann"}}]))
            .refused(&[("/0/where/search", "type")]),
        scenario("guest", Who::Guest, READ, json!([])).fails(401, "Not authenticated"),
        scenario("user", Who::Ann, READ, json!([])).fails(403, "Not permitted"),
    ]
}

fn suggesting() -> Vec<Scenario> {
    let all = json!([{"id": "2", "name": "ann"}, {"id": "3", "name": "bob"}, {"id": "4", "name": "cid"}, {"id": "5", "name": "eve"}]);
    vec![
        scenario("all", Who::Bob, SUGGEST, json!([])).data(all),
        scenario("some", Who::BobToken, SUGGEST, json!([{"where": {"name": ["like", "E"]}}]))
            .data(json!([{"id": "5", "name": "eve"}])),
        scenario("not by address", Who::Bob, SUGGEST, json!([{"where": {"name": ["like", "example"]}}]))
            .data(json!([])),
        scenario("nothing", Who::Bob, SUGGEST, json!([{"where": {"name": ["like", "\0"]}}])).data(json!([])),
        scenario("another operator", Who::Bob, SUGGEST, json!([{"where": {"name": ["=", "eve"]}}]))
            .refused(&[("/0/where/name/0", "enum")]),
        scenario("user", Who::Ann, SUGGEST, json!([])).fails(403, "Not permitted"),
    ]
}

fn creating() -> Vec<Scenario> {
    let generated = json!({"id": "6", "name": "zoe", "password": "$password", "enabled": true, "permissions": {}});
    let given = json!({"id": "6", "name": "zoe", "enabled": false, "permissions": {"admin": true}});
    let full = json!([{
        "username": "Zoe", "password": OTHER_PASSWORD, "enabled": false, "permissions": {"admin": true},
        "email": "zoe@example.com", "telegram_name": "zoe_zoe", "id": "1", "created": 1, "email_confirmed": true,
    }]);
    let stored = json!({
        "id": "6", "name": "zoe", "email": "zoe@example.com", "email_confirmed": false, "telegram_name": "zoe_zoe",
        "enabled": false, "created": "$time", "permissions": {"admin": true}, "avatar": null,
    });
    let wrong = json!([{"username": "x", "password": "short", "permissions": {"audit": true, "nope": false}}]);
    let faults = [
        ("/0/username", "minLength"),
        ("/0/password", "minLength"),
        ("/0/permissions/audit", "permission"),
        ("/0/permissions/nope", "permission"),
    ];
    vec![
        scenario("a generated password", Who::Bob, CREATE, json!([{"username": "zoe"}])).data(generated),
        scenario("all fields, and more", Who::Bob, CREATE, full).data(given).then(
            Who::Bob,
            READ,
            json!([{"id": "6"}]),
            stored,
        ),
        scenario("a taken name", Who::Bob, CREATE, json!([{"username": "ann"}])).fails(409, "User name is taken"),
        scenario("a confirmed address", Who::Bob, CREATE, json!([{"username": "zoe", "email": "ann@example.com"}]))
            .fails(409, "E-mail address is taken"),
        scenario("an unconfirmed address", Who::Bob, CREATE, json!([{"username": "zoe", "email": "bob@example.com"}]))
            .data(json!({"id": "6", "name": "zoe", "password": "$password", "enabled": true, "permissions": {}})),
        scenario("all that is wrong", Who::Bob, CREATE, wrong).refused(&faults),
        scenario(
            "null is no permission",
            Who::Bob,
            CREATE,
            json!([{"username": "zoe", "permissions": {"admin": null}}]),
        )
        .refused(&[("/0/permissions/admin", "type")]),
        scenario("user", Who::Ann, CREATE, json!([{"username": "zoe"}])).fails(403, "Not permitted"),
        scenario("API token", Who::BobToken, CREATE, json!([{"username": "zoe", "password": OTHER_PASSWORD}]))
            .data(json!({"id": "6", "name": "zoe", "enabled": true, "permissions": {}})),
    ]
}

fn deleting() -> Vec<Scenario> {
    vec![
        scenario("by id", Who::Bob, DELETE, json!(["2"])).then(
            Who::Bob,
            READ,
            json!([{"where": {"id": "2"}}]),
            json!([]),
        ),
        scenario("by name", Who::Bob, DELETE, json!(["Cid"])),
        scenario("oneself", Who::Bob, DELETE, json!(["3"])).fails(400, NOT_ONESELF),
        scenario("root", Who::Root, DELETE, json!(["1"])).fails(400, NOT_ROOT),
        scenario("one who holds more", Who::Bob, DELETE, json!(["eve"])).fails(403, HOLDS_MORE),
        scenario("nobody", Who::Bob, DELETE, json!(["99"])).fails(404, MISSING),
        scenario("no address", Who::Bob, DELETE, json!(["ann@example.com"])).fails(404, MISSING),
        scenario("twice", Who::Bob, DELETE, json!(["2"])).before(Who::Bob, DELETE, json!(["2"])).fails(404, MISSING),
        scenario("user", Who::Ann, DELETE, json!(["3"])).fails(403, "Not permitted"),
    ]
}

fn enabling() -> Vec<Scenario> {
    let credentials = json!([{"username": "cid", "password": PASSWORD}]);
    vec![
        scenario("disable", Who::Bob, SET_ENABLED, json!(["ann", false]))
            .then(Who::Guest, SIGNIN, json!([{"username": "ann", "password": PASSWORD}]), Value::Null)
            .then(Who::AnnToken, "/v1/profile/read", json!([]), Value::Null),
        scenario("disable again", Who::Bob, SET_ENABLED, json!(["4", false])),
        scenario("enable", Who::Bob, SET_ENABLED, json!(["4", true])).then(
            Who::Guest,
            SIGNIN,
            credentials,
            json!("$any"),
        ),
        scenario("null", Who::Bob, SET_ENABLED, json!(["ann", null])).refused(&[("/1", "type")]),
        scenario("oneself", Who::Bob, SET_ENABLED, json!(["bob", true])).fails(400, NOT_ONESELF),
        scenario("root", Who::Bob, SET_ENABLED, json!(["root", false])).fails(400, NOT_ROOT),
        scenario("root by root", Who::Root, SET_ENABLED, json!(["1", true])).fails(400, NOT_ROOT),
        scenario("one who holds more", Who::Bob, SET_ENABLED, json!(["eve", false])).fails(403, HOLDS_MORE),
        scenario("by one who holds as much", Who::Eve, SET_ENABLED, json!(["bob", false])),
        scenario("nobody", Who::Bob, SET_ENABLED, json!(["zoe", true])).fails(404, MISSING),
    ]
}

fn passwords() -> Vec<Scenario> {
    let new = |name: &str| json!([{"username": name, "password": OTHER_PASSWORD}]);
    vec![
        scenario("given", Who::Bob, SET_PASSWORD, json!(["ann", OTHER_PASSWORD])).then(
            Who::Guest,
            SIGNIN,
            new("ann"),
            json!("$any"),
        ),
        scenario("generated", Who::Bob, SET_PASSWORD, json!(["ann"])).data(json!({"password": "$password"})),
        scenario("null is none", Who::Bob, SET_PASSWORD, json!(["ann", null])).data(json!({"password": "$password"})),
        scenario("weak", Who::Bob, SET_PASSWORD, json!(["ann", "password1"])).refused(&[("/1", "common")]),
        scenario("the address", Who::Bob, SET_PASSWORD, json!(["ann", "ANN@example.com"]))
            .refused(&[("/1", "context")]),
        scenario("the name of the application", Who::Bob, SET_PASSWORD, json!(["ann", "acme"]))
            .refused(&[("/1", "minLength")]),
        scenario("U+0000", Who::Bob, SET_PASSWORD, json!(["ann", "correct\0horse"])).refused(&[("/1", "pattern")]),
        scenario("one's own", Who::Bob, SET_PASSWORD, json!(["bob", OTHER_PASSWORD])),
        scenario("root's by root", Who::Root, SET_PASSWORD, json!(["root", OTHER_PASSWORD])),
        scenario("root's by another", Who::Bob, SET_PASSWORD, json!(["1", OTHER_PASSWORD])).fails(400, NOT_ROOT),
        scenario("root's by root's token", Who::RootToken, SET_PASSWORD, json!(["1", OTHER_PASSWORD]))
            .fails(400, NOT_ROOT),
        scenario("of one who holds more", Who::Bob, SET_PASSWORD, json!(["eve"])).fails(403, HOLDS_MORE),
        scenario("of nobody", Who::Bob, SET_PASSWORD, json!(["0"])).fails(404, MISSING),
    ]
}

fn names() -> Vec<Scenario> {
    let sign_in = |name: &str, password: &str| json!([{"username": name, "password": password}]);
    vec![
        scenario("a name", Who::Bob, SET_USERNAME, json!(["ann", "Anna"])).then(
            Who::Guest,
            SIGNIN,
            sign_in("anna", PASSWORD),
            json!("$any"),
        ),
        scenario("a name and a password", Who::Bob, SET_USERNAME, json!(["2", "anna", OTHER_PASSWORD]))
            .then(Who::Guest, SIGNIN, sign_in("anna", OTHER_PASSWORD), json!("$any"))
            .then(Who::Guest, SIGNIN, sign_in("anna", PASSWORD), Value::Null),
        scenario("the same name", Who::Bob, SET_USERNAME, json!(["ann", "ann"])),
        scenario("one's own", Who::Bob, SET_USERNAME, json!(["bob", "bobby"])),
        scenario("a taken name", Who::Bob, SET_USERNAME, json!(["ann", "cid"])).fails(409, "User name is taken"),
        scenario("a bad name", Who::Bob, SET_USERNAME, json!(["ann", "a b c"])).refused(&[("/1", "pattern")]),
        scenario("a bad password", Who::Bob, SET_USERNAME, json!(["ann", "anna", "anna"]))
            .refused(&[("/2", "minLength")])
            .then(Who::Guest, SIGNIN, sign_in("ann", PASSWORD), json!("$any")),
        scenario("root", Who::Root, SET_USERNAME, json!(["1", "boss"])).fails(400, NOT_ROOT),
        scenario("one who holds more", Who::Bob, SET_USERNAME, json!(["eve", "eva"])).fails(403, HOLDS_MORE),
        scenario("nobody", Who::Bob, SET_USERNAME, json!(["zoe", "zoey"])).fails(404, MISSING),
    ]
}

fn permissions() -> Vec<Scenario> {
    let both = json!([
        {"id": "admin", "name": "Administration", "description": "Manage users and settings", "enabled": true},
        {"id": "audit", "name": "Audit", "description": "Look at what others did", "enabled": false},
    ]);
    vec![
        scenario("of another", Who::Bob, GET, json!(["ann"])).data(states(false)),
        scenario("of oneself", Who::Bob, GET, json!(["3"])).data(states(true)),
        scenario("of one who holds more", Who::Bob, GET, json!(["eve"])).data(states(true)),
        scenario("as one who holds more", Who::Eve, GET, json!(["bob"])).data(both),
        scenario("of root", Who::Bob, GET, json!(["1"])).fails(404, MISSING),
        scenario("of nobody", Who::Bob, GET, json!(["9"])).fails(404, MISSING),
        scenario("set", Who::Bob, SET, json!(["ann", {"admin": true}])).then(
            Who::Bob,
            GET,
            json!(["ann"]),
            states(true),
        ),
        scenario("set to nothing", Who::Eve, SET, json!(["bob", {}])).then(Who::Root, GET, json!(["bob"]), {
            json!([
                {"id": "admin", "name": "$any", "description": "$any", "enabled": false},
                {"id": "audit", "name": "$any", "description": "$any", "enabled": false},
            ])
        }),
        scenario("what one does not hold", Who::Bob, SET, json!(["ann", {"admin": true, "audit": true}]))
            .refused(&[("/1/audit", "permission")])
            .then(Who::Bob, GET, json!(["ann"]), states(false)),
        scenario("what nobody holds", Who::Bob, SET, json!(["ann", {"nope": false}]))
            .refused(&[("/1/nope", "permission")]),
        scenario("reserved", Who::Root, SET, json!(["ann", {"root": true}])).refused(&[("/1/root", "permission")]),
        scenario("inherited", Who::Root, SET, json!(["ann", {"constructor": true}]))
            .refused(&[("/1/constructor", "permission")]),
        scenario("not a flag", Who::Bob, SET, json!(["ann", {"admin": 1}])).refused(&[("/1/admin", "type")]),
        scenario("one's own", Who::Bob, SET, json!(["bob", {"admin": true}])).fails(400, NOT_ONESELF),
        scenario("root's", Who::Bob, SET, json!(["root", {}])).fails(400, NOT_ROOT),
        scenario("root's by root", Who::Root, SET, json!(["1", {}])).fails(400, NOT_ROOT),
        scenario("of one who holds more, set", Who::Bob, SET, json!(["eve", {}])).fails(403, HOLDS_MORE),
        scenario("user", Who::Ann, SET, json!(["bob", {}])).fails(403, "Not permitted"),
    ]
}

fn merging() -> Vec<Scenario> {
    vec![
        scenario("give", Who::Bob, UPDATE, json!(["ann", {"admin": true}])).then(
            Who::Bob,
            GET,
            json!(["ann"]),
            states(true),
        ),
        scenario("nothing", Who::Eve, UPDATE, json!(["bob", {}])).then(Who::Bob, GET, json!(["bob"]), states(true)),
        scenario("take", Who::Eve, UPDATE, json!(["bob", {"admin": false}])).then(
            Who::Bob,
            GET,
            json!(["bob"]),
            Value::Null,
        ),
        scenario("what one does not hold", Who::Bob, UPDATE, json!(["ann", {"audit": true}]))
            .refused(&[("/1/audit", "permission")]),
        scenario("to take what one does not hold", Who::Bob, UPDATE, json!(["ann", {"audit": false}]))
            .refused(&[("/1/audit", "permission")]),
        scenario("one's own", Who::Root, UPDATE, json!(["1", {}])).fails(400, NOT_ROOT),
        scenario("oneself", Who::Bob, UPDATE, json!(["3", {}])).fails(400, NOT_ONESELF),
        scenario("one who holds more", Who::Bob, UPDATE, json!(["5", {}])).fails(403, HOLDS_MORE),
        scenario("nobody", Who::Bob, UPDATE, json!(["zoe", {}])).fails(404, MISSING),
    ]
}
