//! JSON-RPC over HTTP: paths, statuses, forms, codes, limits.

use serde_json::{Value, json};

use super::{start, with_limits};

const JSON: &str = "content-type: application/json";

fn request(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

#[test_waits::test]
async fn an_answer_has_the_documented_bytes() {
    let server = start().await;
    let answer = server.post("/api/", &request("/v9/rpc/list", &json!([]))).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.text(),
        concat!(
            r#"{"jsonrpc":"2.0","id":1,"result":{"status":200,"status_text":"OK","reason":"OK","exception":false,"#,
            r#""data":[1,2],"total":9,"meta":{"total":9}}}"#
        )
    );
    let answer = server.post("/api", &request("/v9/rpc/admin", &json!(null))).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some("Bearer")));
    assert_eq!(
        answer.text(),
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":401,"message":"Not authenticated","data":{"exception":false,"status":401,"meta":{}}}}"#
    );
}

#[test_waits::test]
async fn a_single_call_has_the_status_of_its_answer() {
    let server = start().await;
    for (method, params, headers, status, code) in [
        ("/v9/rpc/nothing", json!([]), vec![JSON], 404, -32601),
        ("/v9/rpc/inside", json!([]), vec![JSON], 404, -32601),
        ("/v9/rpc/subtract", json!(["a"]), vec![JSON], 400, -32602),
        ("/v9/rpc/subtract", json!({"minuend": 1, "subtrahent": 2}), vec![JSON], 400, -32602),
        ("/v9/rpc/admin", json!([]), vec![JSON, "authorization: t_user"], 403, 403),
        ("/v9/rpc/admin", json!([]), vec![JSON, "authorization: t_bad"], 401, 401),
        ("/v9/rpc/admin", json!([]), vec![JSON, "authorization: t_down"], 503, -32814),
        ("/v9/rpc/panics", json!([]), vec![JSON], 500, -32603),
        ("/v9/rpc/needs-file", json!([]), vec![JSON], 400, -32905),
        ("/subscribe", json!([["a"]]), vec![JSON], 404, -32601),
    ] {
        let answer = server.send("POST", "/api", &headers, &request(method, &params)).await;
        let error = &answer.json()["error"];
        assert_eq!((answer.status, error["code"].as_i64()), (status, Some(code)), "{method} {params}");
        assert_eq!(error["data"]["status"], status, "{method}");
        assert_eq!(error["data"]["meta"], json!({}), "{method}");
    }
    let answer = server.post("/api", &request("/v9/rpc/subtract", &json!({"minuend": 1, "subtrahent": 2}))).await;
    let errors = &answer.json()["error"]["data"]["errors"];
    assert_eq!(errors[0]["pointer"], "/subtrahent");
    assert_eq!(errors[0]["message"], "`subtrahent` is no parameter: subtract(minuend, subtrahend)");
}

#[test_waits::test]
async fn any_allowed_id_is_echoed() {
    let server = start().await;
    for id in [json!(0), json!(""), json!("x"), json!(-7), json!(null), json!(1.5)] {
        let body = json!({"jsonrpc": "2.0", "id": id, "method": "/v9/rpc/echo", "params": ["y"]}).to_string();
        let answer = server.post("/api", &body).await.json();
        assert_eq!((&answer["id"], &answer["result"]["data"]), (&id, &json!("y")));
    }
}

#[test_waits::test]
async fn params_that_are_one_value_are_the_only_parameter() {
    let server = start().await;
    let answer = server.post("/api", &request("/v9/rpc/echo", &json!("alone"))).await.json();
    assert_eq!(answer["result"]["data"], "alone");
    let answer = server.post("/api", &request("/v9/rpc/echo", &json!({"value": {"a": 1}}))).await.json();
    assert_eq!(answer["result"]["data"], json!({"a": 1}));
}

#[test_waits::test]
async fn a_path_below_the_endpoint_is_a_call_without_id() {
    let server = start().await;
    let answer = server.post("/api/v9/rpc/subtract", "[5, 3]").await;
    assert_eq!(
        answer.text(),
        r#"{"jsonrpc":"2.0","result":{"status":200,"status_text":"OK","reason":"OK","exception":false,"data":2,"meta":{}}}"#
    );
    let answer = server.send("GET", "/api/v9/rpc/echo?a=1", &[], "").await;
    assert_eq!(answer.json()["result"]["data"], json!({"a": "1"}));
    let answer = server.post("/api/v9/rpc/echo", r#"{"a":1}"#).await;
    assert_eq!(answer.json()["result"]["data"], json!({"a": 1}));
    let answer = server.post("/api/v9/rpc/nothing", "[").await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_i64()), (404, Some(-32601)));
    let answer = server.post("/api/v9/rpc/echo", "[").await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_i64()), (400, Some(-32700)));
    let answer = server.post("/api/v9/rpc/echo", &request("/v9/rpc/subtract", &json!([5, 3]))).await;
    assert_eq!((answer.json()["id"].clone(), answer.json()["result"]["data"].clone()), (json!(1), json!(2)));
}

#[test_waits::test]
async fn the_protocols_own_methods_answer_by_get_and_post() {
    let server = start().await;
    for name in ["ping", "pong", "healthcheck"] {
        for verb in ["GET", "POST"] {
            let answer = server.send(verb, &format!("/api/{name}"), &[JSON], "").await;
            assert_eq!((answer.status, answer.json()["result"]["status"].as_u64()), (200, Some(200)), "{verb} {name}");
            assert!(answer.json().get("id").is_none());
        }
    }
    for name in ["event", "publish"] {
        let answer = server.post(&format!("/api/{name}"), r#"["/unknown", 1]"#).await;
        assert_eq!(answer.json()["result"]["status"], 200, "an unknown event is ignored");
        assert_eq!(server.post(&format!("/api/{name}"), "[]").await.status, 400);
    }
    assert_eq!(server.post("/api/subscribe", "[[]]").await.status, 404);
    assert_eq!(server.memory.take(), []);
}

#[test_waits::test]
async fn a_clients_event_reaches_only_who_is_registered_and_only_with_permission() {
    let server = start().await;
    let user = [JSON, "authorization: t_user"];
    assert_eq!(server.send("POST", "/api/event", &user, r#"["/v9/rpc/typing", "x"]"#).await.status, 200);
    assert_eq!(server.post("/api/event", r#"["/v9/rpc/typing", "x"]"#).await.status, 200);
    assert_eq!(server.send("POST", "/api/publish", &user, r#"["/v9/rpc/typing", 7]"#).await.status, 200);
    assert_eq!(server.send("POST", "/api/event", &user, r#"["/v9/rpc/news", "x"]"#).await.status, 200);
    let memory = server.memory.clone();
    server.stop().await;
    let mut statuses: Vec<u16> = memory.take().iter().map(|seen| seen.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 401]);
}

#[test_waits::test]
async fn other_ways_in_are_refused_in_the_same_envelope() {
    let server = start().await;
    for (verb, target, headers, body, status, code) in [
        ("GET", "/api", vec![], "", 400, -32600),
        ("POST", "/api", vec![JSON], "", 400, -32600),
        ("PUT", "/api", vec![JSON], "{}", 405, -32804),
        ("POST", "/api", vec!["content-type: text/plain"], "{}", 415, -32803),
        ("POST", "/api/nothing", vec![JSON], "[]", 404, -32601),
    ] {
        let answer = server.send(verb, target, &headers, body).await;
        assert_eq!((answer.status, answer.json()["error"]["code"].as_i64()), (status, Some(code)), "{verb} {target}");
    }
    assert_eq!(server.send("PUT", "/api", &[JSON], "{}").await.header("allow"), Some("GET, HEAD, POST, OPTIONS"));
    assert_eq!(server.post("/apix", "[]").await.error(), (404, -32601));
}

#[test_waits::test]
async fn a_void_call_is_accepted_or_refused_before_it_runs() {
    let server = start().await;
    let void = [JSON, "api-call-void: true"];
    let answer = server.send("POST", "/api", &void, &request("/v9/rpc/subtract", &json!(["bad"]))).await;
    assert_eq!((answer.status, answer.text()), (202, ""));
    assert_eq!(server.send("POST", "/api/v9/rpc/echo", &void, "[1]").await.status, 202);
    let answer = server.send("POST", "/api", &void, &request("/v9/rpc/admin", &json!([]))).await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_i64()), (401, Some(401)));
}

#[test_waits::test]
async fn a_batch_is_calls_for_limits_permissions_and_log() {
    let server = with_limits(|limits| limits.batch = 1000).await;
    let batch: Vec<Value> =
        (0..1000).map(|id| json!({"jsonrpc": "2.0", "id": id, "method": "/v9/rpc/rarely"})).collect();
    let answers = server.post("/api", &json!(batch).to_string()).await;
    assert_eq!(answers.status, 200);
    let answers = answers.json();
    let ids: Vec<u64> = answers.as_array().unwrap().iter().map(|answer| answer["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (0..1000).collect::<Vec<u64>>(), "answers are in order");
    let good = answers.as_array().unwrap().iter().filter(|answer| answer.get("result").is_some()).count();
    assert_eq!(good, 10);
    assert_eq!(answers[999]["error"]["code"], -32802);
    assert!(answers[999]["error"]["data"]["retry_after"].as_u64().is_some());
    assert_eq!(server.memory.take().len(), 1000);
}

#[test_waits::test]
async fn a_batch_over_the_limit_is_one_invalid_request() {
    let server = start().await;
    let batch: Vec<Value> = (0..1000).map(|id| json!({"jsonrpc": "2.0", "id": id, "method": "/v9/rpc/echo"})).collect();
    let answer = server.post("/api", &json!(batch).to_string()).await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_i64()), (400, Some(-32600)));
    assert!(answer.text().contains("the limit is 50 (`batch`)"), "{}", answer.text());
    assert_eq!(server.memory.take(), []);
}
