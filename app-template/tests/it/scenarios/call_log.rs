use std::time::Duration;

use rpc_core::{MethodLimits, Rate, TestClient, Timestamp};
use serde_json::{Value, json};

use crate::scenario::{Scenario, scenario};
use crate::world::{START, Who, World};

const READ_LOG: &str = "/v1/admin/api-call-log/read-log";
const LATEST: &str = "/v1/admin/api-call-log/read-latest-stat";
const HISTORY: &str = "/v1/admin/api-call-log/read-history-stat";
/// Called once when a world is made, by root.
const UPDATE: &str = "/v1/admin/settings/update";
const TEST: &str = "/v1/test/test";
const MINUTE: Duration = Duration::from_secs(60);

/// The row of the call of root's.
fn row() -> Value {
    json!({
        "id": "$any", "method_id": UPDATE, "user_id": "1", "username": "root", "started": "$time", "finished": "$time",
        "runtime": 0.0, "is_error": false, "is_exception": false, "is_declined": false, "status": 200, "reason": "OK",
        "transport": "in-process", "client_ip": null,
    })
}

/// Statistics in which a method was called only where it is said, as if no time passes: date and number of the bucket.
fn statistics(method: &str, first: i64, step: Duration, count: usize, called: Option<usize>) -> Value {
    let dates: Vec<String> = (0..count)
        .map(|number| Timestamp::from_millis(first).after(step * u32::try_from(number).unwrap()).to_string())
        .collect();
    let load = |(number, date): (usize, &String)| {
        let accepted = u8::from(called == Some(number));
        json!({"date": date, "total_accepted": accepted, "total_declined": 0})
    };
    let requests = |(number, date): (usize, &String)| {
        let (requests, runtime) = if called == Some(number) { (1, json!(0.0)) } else { (0, Value::Null) };
        json!({
            "date": date, "total_requests": requests, "total_errors": 0, "exceptions_percent": 0.0,
            "avg_runtime": runtime, "p50_runtime": runtime, "p95_runtime": runtime, "p99_runtime": runtime,
        })
    };
    json!({
        "id": method, "last_updated": Timestamp::from(START).to_string(),
        "load": dates.iter().enumerate().map(load).collect::<Vec<_>>(),
        "requests": dates.iter().enumerate().map(requests).collect::<Vec<_>>(),
    })
}

/// The hour before 22:13:20.
fn latest(method: &str) -> Value {
    statistics(method, 1_700_000_000_000 - 20_000 - 3_600_000, MINUTE, 60, None)
}

/// Thirty days until 22:20.
fn history(method: &str, called: bool) -> Value {
    let first = 1_700_000_000_000 + 400_000 - 30 * 24 * 3_600_000;
    statistics(method, first, 10 * MINUTE, 4320, called.then_some(4319))
}

pub(super) fn table() -> Vec<Scenario> {
    let of = |method_id: Value| json!([{"where": {"method_id": method_id}}]);
    let page = |offset: u32| json!([{"where": {"method_id": UPDATE}, "offset": offset}]);
    let mut scenarios = vec![
        scenario("log of a method", Who::Bob, READ_LOG, of(json!(UPDATE))).data(json!([row()])).total(1),
        scenario("a condition in full", Who::Bob, READ_LOG, of(json!(["=", UPDATE]))).data(json!([row()])).total(1),
        scenario("log by API token", Who::BobToken, READ_LOG, of(json!(UPDATE))).data(json!([row()])).total(1),
        scenario("log of a method without calls", Who::Bob, READ_LOG, of(json!("/v1/profile/read")))
            .data(json!([]))
            .total(0),
        scenario("the last offset", Who::Bob, READ_LOG, page(10_000)).data(json!([])).total(1),
        scenario("beyond it", Who::Bob, READ_LOG, page(10_001)).refused(&[("/0/offset", "maximum")]),
        scenario("log in another order", Who::Bob, READ_LOG, json!([{"order_by": "method_id"}]))
            .refused(&[("/0/order_by", "type")]),
        scenario("log of no method", Who::Bob, READ_LOG, json!([{"where": {}}])).refused(&[("/0/where", "required")]),
        scenario("log of what is like a method", Who::Bob, READ_LOG, of(json!(["like", UPDATE])))
            .refused(&[("/0/where/method_id/0", "enum")]),
        scenario("latest of a method", Who::Bob, LATEST, json!([UPDATE])).data(latest(UPDATE)),
        scenario("latest of too much", Who::Bob, LATEST, json!([null, 1])).refused(&[("/1", "maxItems")]),
        scenario("history of a method", Who::Bob, HISTORY, json!([UPDATE])).data(history(UPDATE, true)),
        scenario("history of a method without calls", Who::Bob, HISTORY, json!(["/v1/profile/read"]))
            .data(history("/v1/profile/read", false)),
        scenario("history of no method", Who::Bob, HISTORY, json!([])).refused(&[("/0", "required")]),
    ];
    for (path, params) in [(LATEST, json!(["nope"])), (HISTORY, json!(["nope"])), (READ_LOG, of(json!("nope")))] {
        let not_logged = json!(params.to_string().replace("nope", LATEST).parse::<Value>().unwrap());
        scenarios.extend([
            scenario("an unknown method", Who::Bob, path, params.clone()).fails(404, "Method is not found"),
            scenario("one that is not logged", Who::Bob, path, not_logged)
                .fails(404, "Calls of this method are not logged"),
            scenario("by a user", Who::Ann, path, params.clone()).fails(403, "Not permitted"),
            scenario("by a token without the permission", Who::BobBareToken, path, params.clone())
                .fails(403, "Not permitted"),
            scenario("by a guest", Who::Guest, path, params).fails(401, "Not authenticated"),
        ]);
    }
    scenarios
}

async fn rows(world: &World, options: Value) -> Vec<Value> {
    let rows = world.ok(&world.as_known(Who::BobToken).await, READ_LOG, json!([options])).await;
    rows.as_array().unwrap().clone()
}

fn column<'r>(rows: &'r [Value], name: &str) -> Vec<&'r Value> {
    rows.iter().map(|row| &row[name]).collect()
}

#[test_waits::test]
async fn the_log_of_all_methods_has_the_newest_call_first_page_by_page() {
    let world = World::new().await;
    let ann = world.as_known(Who::Ann).await;
    for _ in 0..3 {
        world.clock.advance(Duration::from_secs(1));
        world.ok(&ann, TEST, json!([])).await;
    }
    assert_eq!(ann.call(LATEST, json!([])).await.status, 403);
    assert_eq!(ann.call(UPDATE, json!([{}])).await.status, 403);
    let all = rows(&world, json!({})).await;
    let (sign_in, update) = (json!("/v1/session/signin"), json!(UPDATE));
    let methods = [&update, &json!(TEST), &json!(TEST), &json!(TEST), &sign_in, &update, &sign_in];
    assert_eq!(column(&all, "method_id"), methods);
    assert_eq!(column(&all, "username")[..4], [&json!("ann"); 4]);
    assert_eq!(
        (&all[0]["is_error"], &all[0]["status"], &all[0]["reason"]),
        (&json!(true), &json!(403), &json!("Not permitted"))
    );
    assert!(column(&all, "started").is_sorted_by(|later, earlier| later.as_str() >= earlier.as_str()));
    let mut pages = Vec::new();
    for offset in (0..8).step_by(2) {
        pages.extend(rows(&world, json!({"limit": 2, "offset": offset})).await);
    }
    assert_eq!(pages, all);
}

#[test_waits::test]
async fn the_rows_of_a_user_outlive_the_user() {
    let world = World::new().await;
    world.ok(&world.as_known(Who::Ann).await, TEST, json!([])).await;
    world.ok(&world.as_known(Who::Bob).await, "/v1/admin/users/delete", json!(["ann"])).await;
    let rows = rows(&world, json!({"where": {"method_id": TEST}})).await;
    assert_eq!((&rows[0]["user_id"], &rows[0]["username"]), (&json!("2"), &json!("ann")));
}

#[test_waits::test]
async fn all_logged_methods_have_statistics_with_their_limits_and_what_runs() {
    let world = World::new().await;
    let limits = MethodLimits { concurrency: Some(9), concurrency_per_user: Some(2), ..MethodLimits::default() };
    let api = world.app.api_builder().method_limits(TEST, limits).build().unwrap();
    let bob = TestClient::new(api.clone()).token(&world.token(Who::BobToken).await.unwrap());
    world.clock.advance(MINUTE);
    let data = world.ok(&bob, LATEST, json!([null])).await;
    let ids: Vec<&str> = data.as_array().unwrap().iter().map(|method| method["id"].as_str().unwrap()).collect();
    let logged: Vec<&str> =
        api.methods().map(|method| method.path()).filter(|path| !path.contains("/api-call-log/")).collect();
    assert_eq!((ids.len(), ids), (32, logged));
    assert_eq!(api.method(TEST).unwrap().limits().concurrency_per_user, Some(2));
    for method in data.as_array().unwrap() {
        let limits = api.method(method["id"].as_str().unwrap()).unwrap().limits();
        assert_eq!(method["active_requests_limit"], json!(limits.concurrency));
        assert_eq!(method["active_requests_user_limit"], json!(limits.concurrency_per_user));
        assert_eq!(method["total_active_requests"], 0);
        let called = method["load"].as_array().unwrap().iter().filter(|load| load["total_accepted"] != 0).count();
        assert_eq!(called > 0, [UPDATE, "/v1/session/signin"].contains(&method["id"].as_str().unwrap()), "{method}");
        let keys: Vec<&String> = method.as_object().unwrap().keys().collect();
        let names = ["id", "last_updated", "load", "requests", "active_requests_limit", "active_requests_user_limit"];
        assert_eq!((keys.len(), &keys[..6]), (7, &names.map(str::to_owned).each_ref()[..]));
    }
}

#[test_waits::test]
async fn accepted_and_declined_calls_are_told_apart_by_each_node_and_any_other() {
    let world = World::new().await;
    let rate = Some(Rate { calls: 50, period: MINUTE });
    let limits = MethodLimits { rate, ..MethodLimits::default() };
    let nodes = [world.app.clone(), world.another().await];
    for node in &nodes {
        let guest = TestClient::new(node.api_builder().method_limits(TEST, limits).build().unwrap());
        for number in 0..53 {
            assert_eq!(guest.call(TEST, json!([])).await.status, if number < 50 { 200 } else { 429 });
        }
        node.calls().flush().await;
    }
    world.clock.advance(MINUTE);
    let reader = TestClient::new(world.another_node().await).token(&world.token(Who::BobToken).await.unwrap());
    for path in [LATEST, HISTORY] {
        let data = world.ok(&reader, path, json!([TEST])).await;
        let sum = |list: &str, name: &str| {
            data[list].as_array().unwrap().iter().map(|row| row[name].as_u64().unwrap()).sum::<u64>()
        };
        assert_eq!([sum("load", "total_accepted"), sum("load", "total_declined")], [100, 6], "{path}");
        assert_eq!([sum("requests", "total_requests"), sum("requests", "total_errors")], [106, 6], "{path}");
    }
    let reply = reader.call(READ_LOG, json!([{"where": {"method_id": TEST}, "limit": 6}])).await;
    assert_eq!(reply.extra["total"], 106);
    let declined = (&json!(true), &json!(429));
    assert_eq!((&reply.data[0]["is_declined"], &reply.data[0]["status"]), declined);
}

#[test_waits::test]
async fn what_was_answered_before_a_stop_is_in_the_log() {
    let world = World::new().await;
    world.app.start();
    for _ in 0..1500 {
        world.ok(&world.guest(), TEST, json!([])).await;
    }
    // Even when calls and mails have used up their time.
    world.app.stop(Duration::ZERO).await;
    let reader = TestClient::new(world.another_node().await).token(&world.token(Who::BobToken).await.unwrap());
    let reply = reader.call(READ_LOG, json!([{"where": {"method_id": TEST}}])).await;
    assert_eq!((reply.status, &reply.extra["total"]), (200, &json!(1500)));
}
