//! Who may call what, and what they learn of what is not theirs.

use rpc_core::{Method, TestClient};
use serde_json::{Value, json};

use crate::world::{HOUR, Served, Who, World};

/// Methods that everybody may call. The list may only shrink.
const OPEN: [&str; 9] = [
    "/v1/session/confirm-email-by-token",
    "/v1/session/send-confirmation-email",
    "/v1/session/send-password-reset-email",
    "/v1/session/set-password-by-token",
    "/v1/session/signin",
    "/v1/session/signout",
    "/v1/session/signup",
    "/v1/test/test",
    "/v1/test/upload",
];

/// Of them, those that look at a presented token all the same.
const LOOK_AT_TOKENS: [&str; 3] = ["/v1/session/signout", "/v1/test/test", "/v1/test/upload"];

/// Methods for every user that take an API token. The list may only shrink.
const FOR_API_TOKENS: [&str; 3] = ["/v1/api-tokens/get-permissions", "/v1/api-tokens/read", "/v1/profile/read"];

/// A kind of caller.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Anonymous,
    Expired,
    Session { admin: bool },
    ApiToken { admin: bool },
}

async fn callers(world: &World) -> Vec<(&'static str, Kind, TestClient)> {
    let expired = world.as_known(Who::Bob).await;
    world.clock.advance(31 * 24 * HOUR);
    let mut callers = vec![("anonymous", Kind::Anonymous, world.guest()), ("expired token", Kind::Expired, expired)];
    for (name, kind, who) in [
        ("user without the permission", Kind::Session { admin: false }, Who::Ann),
        ("token of a user without the permission", Kind::ApiToken { admin: false }, Who::AnnToken),
        ("token without it", Kind::ApiToken { admin: false }, Who::BobBareToken),
        ("token with it", Kind::ApiToken { admin: true }, Who::BobToken),
        ("root's token", Kind::ApiToken { admin: true }, Who::RootToken),
        ("admin", Kind::Session { admin: true }, Who::Bob),
        ("root", Kind::Session { admin: true }, Who::Root),
    ] {
        callers.push((name, kind, world.as_known(who).await));
    }
    callers
}

/// 400: admitted, and the parameters are refused.
fn expected(method: &Method, kind: Kind) -> u16 {
    let path = method.path();
    if OPEN.contains(&path) {
        return if kind == Kind::Expired && LOOK_AT_TOKENS.contains(&path) { 401 } else { 400 };
    }
    match kind {
        Kind::Anonymous | Kind::Expired => 401,
        Kind::Session { admin } | Kind::ApiToken { admin } if path.starts_with("/v1/admin/") => {
            if admin {
                400
            } else {
                403
            }
        }
        Kind::Session { .. } => 400,
        Kind::ApiToken { .. } => {
            if FOR_API_TOKENS.contains(&path) {
                400
            } else {
                403
            }
        }
    }
}

#[test_waits::test]
async fn every_method_admits_those_whom_it_declares_and_nobody_else() {
    let world = World::new().await;
    let callers = callers(&world).await;
    let mut differences = Vec::new();
    for method in world.api.methods() {
        for (name, kind, client) in &callers {
            let reply = client.call(method.path(), json!([0, 0, 0, 0, 0, 0, 0, 0])).await;
            if reply.status != expected(method, *kind) {
                differences.push(format!("{} {name}: {} {}", method.path(), reply.status, reply.reason));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What follows the id of a token, in the parameters of each method that takes one.
fn after_token_id(path: &str) -> Value {
    match path {
        "/v1/api-tokens/delete" | "/v1/api-tokens/get-permissions" => json!([]),
        "/v1/api-tokens/set-enabled" => json!([false]),
        "/v1/api-tokens/set-permissions" => json!([{"admin": true, "nope": true}]),
        "/v1/api-tokens/update-permissions" => json!([{"audit": true}]),
        path => panic!("{path} takes the id of a token: say here what follows it"),
    }
}

/// A response but for what each one has of its own.
fn without_own(answer: &str) -> String {
    let is_own = |line: &&str| ["date:", "x-request-id:"].iter().any(|name| line.to_lowercase().starts_with(name));
    let (own, common): (Vec<_>, Vec<_>) = answer.lines().partition(is_own);
    assert_eq!(own.len(), 2, "{answer}");
    common.join("\n")
}

#[test_waits::test]
async fn another_users_token_is_answered_as_a_missing_one_byte_for_byte() {
    let world = World::new().await;
    let served = Served::start(&world.api).await;
    let bob = served.plain(world.token(Who::Bob).await.as_deref());
    let takes_one = |method: &&Method| method.params().iter().any(|param| param.name() == "tokenId");
    let of = |path: &str, id: &str| {
        Value::Array([vec![json!(id)], after_token_id(path).as_array().unwrap().clone()].concat())
    };
    let paths = world.api.methods().filter(takes_one).map(Method::path);
    let asked = paths.map(|path| (path, ["1", "99", "no id"].map(|id| of(path, id))));
    let read = ("/v1/api-tokens/read", ["1", "99", "no id"].map(|id| json!([{"id": id}])));
    let asked: Vec<_> = asked.chain([read]).collect();
    assert_eq!(asked.len(), 6);
    for (path, params) in asked {
        let mut answers = Vec::new();
        for params in &params {
            answers.push(without_own(&bob.exchange("host: x\r\n", path, params).await));
        }
        assert!(answers[0].starts_with("HTTP/1.1 404 "), "{path}: {}", answers[0]);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{path}: {answers:#?}");
    }
    world.ok(&world.as_known(Who::AnnToken).await, "/v1/profile/read", json!([])).await;
}

#[test_waits::test]
async fn a_missing_user_and_root_are_the_same_to_an_admin_who_reads() {
    let world = World::new().await;
    let bob = world.as_known(Who::Bob).await;
    for (path, root, missing) in [
        ("/v1/admin/users/get-permissions", json!(["1"]), json!(["99"])),
        ("/v1/admin/users/get-permissions", json!(["root"]), json!(["nobody"])),
        ("/v1/admin/users/read", json!([{"id": "1"}]), json!([{"id": "99"}])),
    ] {
        assert_eq!(bob.call(path, root).await, bob.call(path, missing).await, "{path}");
    }
}

#[test_waits::test]
async fn a_session_and_an_api_token_with_the_same_id_are_not_mixed_up() {
    let world = World::new().await;
    // The first session, beside the API token 1, which is Ann's.
    let (bob, ann) = (world.as_known(Who::Bob).await, world.as_known(Who::AnnToken).await);
    for _ in 0..2 {
        assert_eq!(world.ok(&bob, "/v1/profile/read", json!([])).await["name"], "bob");
        assert_eq!(world.ok(&ann, "/v1/profile/read", json!([])).await["name"], "ann");
    }
}
