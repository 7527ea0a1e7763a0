//! The table.

use rpc_core::Disposition;
use serde_json::json;

use super::scenario::{Before, OverWebSocket, Scenario};
use super::ways::Way;

pub(super) fn all() -> Vec<Scenario> {
    [answers(), callers(), limits(), parameters(), options(), failures()].into_iter().flatten().collect()
}

fn answers() -> Vec<Scenario> {
    let deep = json!([{"a": [1, -1, 1.5, "é", null, true, {}]}, 9_007_199_254_740_991_i64]);
    vec![
        Scenario::new("data as it is", "echo", json!([deep])).answers(deep),
        Scenario::new("no data", "nothing", json!([])),
        Scenario::new("status, reason, total and more", "says-more", json!([])).answers(json!([1, 2])).says(
            201,
            "Made",
            json!({"total": 9, "summary": "two"}),
        ),
    ]
}

fn callers() -> Vec<Scenario> {
    let (not_authenticated, not_permitted) = ("Not authenticated", "Not permitted");
    let call = |name, method| Scenario::new(name, method, json!([]));
    vec![
        call("an unknown method", "unknown").refused(404, -32601, "Method not found").unrecorded(),
        call("a private method", "inside").ways(Way::OUTSIDE).refused(404, -32601, "Method not found").unrecorded(),
        call("a private method from inside", "inside").ways(&[Way::InProcess]),
        call("a guest where all may call", "whoami"),
        call("a user where all may call", "whoami").by("t_user").answers(json!("ann")),
        call("a guest where guests may call", "guests"),
        call("a user where guests may call", "guests").by("t_user").refused(403, 403, not_permitted),
        call("a guest where users may call", "users").refused(401, 401, not_authenticated),
        call("a user where users may call", "users").by("t_user"),
        call("a user where root may call", "root").by("t_admin").refused(403, 403, not_permitted),
        call("root where root may call", "root").by("t_root"),
        call("a bad token", "whoami")
            .by("t_bad")
            .refused(401, 401, not_authenticated)
            .over_websocket(OverWebSocket::Closed(4401)),
        call("a bad token where guests may call", "guests")
            .by("t_bad")
            .refused(401, 401, not_authenticated)
            .over_websocket(OverWebSocket::Closed(4401)),
        call("a token that cannot be checked", "whoami")
            .by("t_down")
            .refused(503, -32814, "Service is unavailable")
            .ends(Disposition::Declined, false)
            .again_after(1)
            .over_websocket(OverWebSocket::Refused),
        call("a missing permission before bad parameters", "admins").by("t_user").refused(403, 403, not_permitted),
        call("bad parameters after a permission", "admins").by("t_admin").invalid(&[("/0", "required")]),
        Scenario::new("a permission", "admins", json!(["x"])).by("t_admin").answers(json!("x")),
        Scenario::new("a permission by an API token", "admins", json!(["x"])).by("t_api").answers(json!("x")),
        Scenario::new("root has every permission", "admins", json!(["x"])).by("t_root").answers(json!("x")),
        call("a session where one is needed", "sessions").by("t_user"),
        call("an API token where a session is needed", "sessions").by("t_api").refused(403, 403, "Sign in to do this"),
        call("a guest where a session is needed", "sessions").refused(401, 401, not_authenticated),
    ]
}

fn limits() -> Vec<Scenario> {
    let rate = "Too many requests: your `rate` of the method is used up";
    let declined = |scenario: Scenario| scenario.ends(Disposition::Declined, false);
    vec![
        Scenario::new("the first of a rate", "rarely", json!([])).by("t_user"),
        declined(
            Scenario::new("the second of a rate", "rarely", json!([]))
                .by("t_user")
                .after(Before::Same)
                .refused(429, -32802, rate)
                .again_after(60),
        ),
        declined(
            Scenario::new("a guest's second of a rate, before bad parameters", "rarely", json!([7]))
                .after(Before::Same)
                .refused(429, -32802, rate)
                .again_after(60),
        ),
        declined(
            Scenario::new("a second one at a time", "waits", json!([]))
                .after(Before::Held)
                .refused(429, -32802, "Too many requests: the method's `concurrency` is used up")
                .again_after(1),
        ),
        declined(
            Scenario::new("after the stop began", "nothing", json!([]))
                .after(Before::Stop)
                .refused(503, -32816, "Server is shutting down")
                .again_after(1)
                .over_websocket(OverWebSocket::Refused),
        ),
    ]
}

fn parameters() -> Vec<Scenario> {
    let three = |name, params| Scenario::new(name, "three", params);
    let make = |name, params| Scenario::new(name, "make", json!([params]));
    vec![
        three("all parameters", json!(["a", 1, true])).answers(json!(["a", 1, true])),
        three("optional ones left out", json!(["a"])).answers(json!(["a", null, null])),
        three("null for an optional one", json!(["a", null, false])).answers(json!(["a", null, false])),
        three("a missing one", json!([])).invalid(&[("/0", "required")]),
        three("null for a needed one", json!([null])).invalid(&[("/0", "type")]),
        three("a surplus one", json!(["a", 1, true, "more"])).invalid(&[("/3", "maxItems")]),
        three("wrong types, all told", json!([1, "x", 0])).invalid(&[("/0", "type"), ("/1", "type"), ("/2", "type")]),
        three("numbers are not texts, nor texts numbers", json!(["a", "1"])).invalid(&[("/1", "type")]),
        three("a fraction is no integer", json!(["a", 1.5])).invalid(&[("/1", "type")]),
        three("a negative is none", json!(["a", -1])).invalid(&[("/1", "minimum")]),
        three("the only parameter without an array", json!("a")).answers(json!(["a", null, null])),
        three("by name", json!({"flag": true, "text": "a"})).ways(Way::JSON_RPC).answers(json!(["a", null, true])),
        three("by name, one missing", json!({"count": 1})).ways(Way::JSON_RPC).invalid(&[("/0", "required")]),
        three("by name, one unknown", json!({"text": "a", "texts": 1}))
            .ways(Way::JSON_RPC)
            .invalid(&[("/texts", "additionalProperties")]),
        three("an object is the only parameter", json!({"text": "a"})).ways(Way::PLAIN).invalid(&[("/0", "type")]),
        make("an object", json!({"name": "hill", "port": 25, "kind": "large"}))
            .answers(json!({"name": "hill", "port": 25, "kind": "large"})),
        make("an object with null for what may be left out", json!({"name": "hill", "port": null}))
            .answers(json!({"name": "hill", "port": null, "kind": null})),
        make("an unknown member", json!({"name": "hill", "colour": "red"}))
            .invalid(&[("/0/colour", "additionalProperties")]),
        make("a missing member", json!({"port": 25})).invalid(&[("/0", "required")]),
        make("members out of bounds", json!({"name": "h", "port": 65536}))
            .invalid(&[("/0/name", "minLength"), ("/0/port", "maximum")]),
        make("a word that is none of the words", json!({"name": "hill", "kind": "huge"}))
            .invalid(&[("/0/kind", "enum")]),
        make("an array for an object", json!(["hill", 25, "large"])).invalid(&[("/0", "type")]),
        Scenario::new("a rule that is no schema", "refuses", json!([{"name": "hill"}]))
            .invalid(&[("/0/name", "unique")])
            .ends(Disposition::Finished, true),
    ]
}

fn options() -> Vec<Scenario> {
    let list = |name, read| Scenario::new(name, "list", json!([read]));
    let total = |scenario: Scenario, total: u32| scenario.says(200, "OK", json!({ "total": total }));
    vec![
        total(Scenario::new("no options", "list", json!([])).answers(json!([])), 100),
        total(list("null for options", json!(null)).answers(json!([])), 100),
        total(
            list(
                "conditions, order and a page",
                json!({"where": {"id": "7"}, "order_by": [["name", "desc"]], "limit": 5}),
            )
            .answers(json!(["7"])),
            5,
        ),
        list("an option that is none", json!({"page": 1})).invalid(&[("/0/page", "additionalProperties")]),
        list("a field that has no conditions", json!({"where": {"name": "x"}}))
            .invalid(&[("/0/where/name", "additionalProperties")]),
        list("too many rows", json!({"limit": 101})).invalid(&[("/0/limit", "maximum")]),
        list("a negative offset", json!({"offset": -1})).invalid(&[("/0/offset", "minimum")]),
    ]
}

fn failures() -> Vec<Scenario> {
    let fails = |name, status: u16| {
        Scenario::new(name, "fails", json!([status])).fails(status.into(), status.into(), "It failed")
    };
    vec![
        fails("a method's own 404", 404),
        fails("a method's own 409", 409),
        fails("a method's own 401", 401),
        fails("a method's own 500", 500),
        Scenario::new("a part is down", "is-down", json!([]))
            .fails(503, -32814, "Service is unavailable")
            .again_after(3),
        Scenario::new("a fault", "breaks", json!([])).fails(500, -32603, "Internal error"),
        Scenario::new("a panic", "panics", json!([]))
            .fails(500, -32603, "Internal error")
            .ends(Disposition::Panicked, true),
        Scenario::new("a time-out", "slow", json!([]))
            .fails(504, 504, "The call took longer than 20 ms")
            .ends(Disposition::TimedOut, true),
        Scenario::new("no file where one is needed", "needs-file", json!([])).ways(Way::NOT_WEBSOCKET).refused(
            400,
            -32905,
            "File is missing",
        ),
        Scenario::new("a method that needs a file", "needs-file", json!([])).ways(Way::WEBSOCKET).refused(
            400,
            -32900,
            "Upload is not possible over WebSocket",
        ),
    ]
}
