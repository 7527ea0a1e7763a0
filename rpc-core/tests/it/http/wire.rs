//! What a well-behaved client sees.

use rpc_core::http::{ForwardedHeader, TrustedProxies};
use serde_json::json;

use super::{start, with_service};

const JSON: &str = "content-type: application/json";

#[test_waits::test]
async fn an_answer_has_the_documented_bytes() {
    let server = start().await;
    let answer = server.post("/v9/http/texts", r#"["a"]"#).await;
    assert_eq!((answer.status, answer.text()), (200, r#"{"status":200,"reason":"OK","data":["a",null]}"#));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let answer = server.post("/v9/http/list", r#"[{"limit":3}]"#).await;
    assert_eq!(answer.text(), r#"{"status":200,"reason":"OK","data":[0,1,2],"total":1000}"#);
    let answer = server.post("/v9/http/nothing", "[]").await;
    assert_eq!(answer.text(), r#"{"status":404,"reason":"Method not found","code":-32601,"data":null}"#);
    let answer = server.post("/v9/http/texts", r#"[1]"#).await;
    let expected = json!([{"pointer": "/0", "keyword": "type", "message": "`first` must be a string"}]);
    assert_eq!((answer.error(), answer.json()["data"]["errors"].clone()), ((400, -32602), expected));
}

#[test_waits::test]
async fn parameters_come_as_array_as_one_value_or_not_at_all() {
    let server = start().await;
    for (body, data) in [
        ("[[1]]", "[1]"),
        ("{\"a\":1}", "{\"a\":1}"),
        ("\"x\"", "\"x\""),
        ("", "null"),
        (" \n", "null"),
        ("[]", "null"),
    ] {
        let answer = server.post("/v9/http/echo", body).await;
        assert_eq!(answer.text(), format!(r#"{{"status":200,"reason":"OK","data":{data}}}"#), "{body}");
    }
}

#[test_waits::test]
async fn get_takes_its_parameter_from_the_query() {
    let server = start().await;
    let answer = server.send("GET", "/v9/http/echo?a=1&b=x%20y", &[], "").await;
    assert_eq!(answer.json()["data"], json!({"a": "1", "b": "x y"}));
    let answer = server.send("GET", "/v9/http/echo", &["content-type: application/json; charset=utf-8"], "").await;
    assert_eq!(answer.json()["data"], json!(null));
    let answer = server.send("HEAD", "/v9/http/echo", &[], "").await;
    assert_eq!((answer.status, answer.text(), answer.header("allow")), (405, "", Some("GET, POST, OPTIONS")));
}

#[test_waits::test]
async fn a_query_names_the_parameters_of_a_method_that_only_reads() {
    let server = start().await;
    let get = async |query: &str| server.send("GET", &format!("/v9/http/typed?{query}"), &[], "").await;
    assert_eq!(get("text=7&number=7&flag=true&list=%5B1,2%5D").await.json()["data"], json!(["7", 7, true, [1, 2]]));
    assert_eq!(get("list=null&text=null").await.json()["data"], json!(["null", 1, null, null]));
    let deep = "[".repeat(5000);
    for (query, pointer, keyword) in [
        ("text=a&number=10", "/1", "maximum"),
        ("text=a&number=1.5", "/1", "type"),
        ("text=a&number=x", "/1", "type"),
        ("text=a&number=", "/1", "type"),
        ("number=1", "/0", "required"),
        ("text=a&numbre=1", "/numbre", "additionalProperties"),
        (&format!("text=a&list={deep}"), "/3", "type"),
    ] {
        let answer = get(query).await;
        let fault = &answer.json()["data"]["errors"][0];
        let expected = (&json!(pointer), &json!(keyword));
        assert_eq!((answer.status, (&fault["pointer"], &fault["keyword"])), (400, expected), "{query}");
    }
    let answer = server.send("GET", "/v9/http/typed?text=a&number=2", &["content-type: application/msgpack"], "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(server.send("GET", "/v9/http/texts?first=a", &[], "").await.status, 400, "it may change something");
}

#[test_waits::test]
async fn paths_are_decoded_and_slashes_collapse() {
    let server = start().await;
    for target in ["/v9//http///echo", "/v9/htt%70/echo", "//v9/http/echo"] {
        assert_eq!(server.post(target, "[]").await.status, 200, "{target}");
    }
    assert_eq!(server.post("/v9/http/%ff", "[]").await.error(), (400, -32600));
    assert_eq!(server.post("/v9/http/../http/echo", "[]").await.error(), (400, -32600));
}

#[test_waits::test]
async fn tokens_travel_in_every_documented_form() {
    let server = start().await;
    for value in ["Bearer t_admin", "basic t_admin", "Basic dF9hZG1pbjo=", "Basic OnRfYWRtaW4=", "t_admin"] {
        let answer = server.send("POST", "/v9/http/admin", &[JSON, &format!("authorization: {value}")], "[]").await;
        assert_eq!(answer.json()["data"], json!("bob"), "{value}");
    }
    let bad = ["Bearer", "Bearer x_y", "Basic !!", "Digest t_admin", "Bearer a b"];
    let mut bodies = Vec::new();
    for value in bad {
        let answer = server.send("POST", "/v9/http/admin", &[JSON, &format!("authorization: {value}")], "[]").await;
        assert_eq!((answer.error(), answer.header("www-authenticate")), ((401, 401), Some("Bearer")), "{value}");
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "every bad token is answered alike");
    assert_eq!(server.send("POST", "/v9/http/echo", &[JSON, "authorization: Bearer x_y"], "[]").await.status, 401);
    assert_eq!(server.send("POST", "/v9/http/admin", &[JSON, "authorization: t_user"], "[]").await.error(), (403, 403));
    assert_eq!(
        server.send("POST", "/v9/http/admin", &[JSON, "authorization: t_down"], "[]").await.error(),
        (503, -32814)
    );
}

#[test_waits::test]
async fn the_order_of_checks_is_kept() {
    let server = start().await;
    let huge = "x".repeat(200);
    assert_eq!(server.post("/v9/http/nothing", "{").await.error(), (404, -32601));
    assert_eq!(server.send("POST", "/v9/http/admin", &["content-type: text/plain"], "{").await.error(), (401, 401));
    let user = "authorization: t_user";
    assert_eq!(server.send("POST", "/v9/http/admin", &[JSON, user], "{").await.error(), (403, 403));
    let bad = "authorization: t_bad";
    assert_eq!(server.send("POST", "/v9/http/texts", &[JSON, bad], &huge).await.error(), (401, 401));
    assert_eq!(server.post("/v9/http/texts", &huge).await.error(), (413, -32902));
    server.post("/v9/http/rarely", "[]").await;
    assert_eq!(server.post("/v9/http/rarely", "{").await.error(), (429, -32802));
}

#[test_waits::test]
async fn limits_say_when_to_come_back() {
    let server = start().await;
    server.post("/v9/http/rarely", "[]").await;
    let answer = server.post("/v9/http/rarely", "[]").await;
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}

#[test_waits::test]
async fn request_ids_are_the_callers_the_traces_or_new() {
    let server = start().await;
    let id = async |headers: &[&str]| {
        let answer = server.send("GET", "/v9/http/echo", headers, "").await;
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(id(&["x-request-id: abc-1"]).await, "abc-1");
    let traceparent = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert_eq!(id(&[traceparent]).await, "0af7651916cd43dd8448eb211c80319c");
    let (first, second) = (id(&["x-request-id: not sane!"]).await, id(&[]).await);
    assert!(first.len() == 32 && second.len() == 32 && first != second, "{first} {second}");
}

#[test_waits::test]
async fn a_void_call_is_answered_before_it_runs() {
    let server = start().await;
    for header in ["api-call-void: true", "X-API-Void-Call: true"] {
        let answer = server.send("POST", "/v9/http/texts", &[JSON, header], r#"["a"]"#).await;
        assert_eq!((answer.status, answer.text()), (202, ""), "{header}");
    }
    let void = "api-call-void: true";
    assert_eq!(server.send("POST", "/v9/http/texts", &[JSON, void], "[1, 2, 3]").await.status, 202);
    assert_eq!(server.send("POST", "/v9/http/admin", &[JSON, void], "[]").await.error(), (401, 401));
    assert_eq!(server.send("POST", "/v9/http/nothing", &[JSON, void], "[]").await.error(), (404, -32601));
    let memory = server.memory.clone();
    server.stop().await;
    let mut statuses: Vec<u16> = memory.take().iter().map(|seen| seen.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 400, 401]);
}

#[test_waits::test]
async fn large_answers_are_compressed_for_who_takes_it() {
    let server = start().await;
    let body = format!("[\"{}\"]", "abc".repeat(1000));
    let answer = server.send("POST", "/v9/http/echo", &[JSON, "accept-encoding: gzip"], &body).await;
    assert_eq!((answer.header("content-encoding"), answer.header("vary")), (Some("gzip"), Some("Accept-Encoding")));
    assert!(answer.body.len() < 300);
    let answer = server.post("/v9/http/echo", &body).await;
    assert_eq!((answer.header("content-encoding"), answer.body.len() > 3000), (None, true));
    let answer = server.send("POST", "/v9/http/echo", &[JSON, "accept-encoding: gzip"], "[\"small\"]").await;
    assert_eq!(answer.header("content-encoding"), None);
}

#[test_waits::test]
async fn pages_of_allowed_origins_may_read_answers() {
    let server = with_service(|service| service.allow_origin("https://app.example")).await;
    let allowed = async |origin: &str| {
        let answer = server.send("POST", "/v9/http/echo", &[JSON, &format!("origin: {origin}")], "[]").await;
        assert_eq!((answer.status, answer.header("vary")), (200, Some("Origin")));
        answer.header("access-control-allow-origin").map(str::to_owned)
    };
    assert_eq!(allowed("https://app.example").await.as_deref(), Some("https://app.example"));
    assert_eq!(allowed("https://evil.example").await, None);
    let preflight = ["origin: https://app.example", "access-control-request-method: POST"];
    let answer = server.send("OPTIONS", "/v9/http/echo", &preflight, "").await;
    assert_eq!((answer.status, answer.header("access-control-allow-methods")), (204, Some("GET, HEAD, POST, OPTIONS")));
    assert!(answer.header("access-control-allow-headers").unwrap().contains("Authorization"));
    let answer = server.send("OPTIONS", "/v9/http/echo", &["origin: https://evil.example"], "").await;
    assert_eq!((answer.status, answer.header("access-control-allow-methods")), (204, None));
}

#[test_waits::test]
async fn the_clients_address_is_the_peers_unless_a_proxy_is_trusted() {
    let spoofed = [JSON, "x-forwarded-for: 198.51.100.7"];
    let server = start().await;
    let answer = server.send("POST", "/v9/http/address", &spoofed, "[]").await;
    assert_eq!(answer.json()["data"], json!("127.0.0.1"));
    let proxies = TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()], ForwardedHeader::XForwardedFor);
    let server = with_service(|service| service.trusted_proxies(proxies)).await;
    let answer = server.send("POST", "/v9/http/address", &spoofed, "[]").await;
    assert_eq!(answer.json()["data"], json!("198.51.100.7"));
}

#[test_waits::test]
async fn the_front_page_and_the_health_pages_answer() {
    let server = start().await;
    let page = server.send("GET", "/", &[], "").await.json();
    assert_eq!((&page["data"]["name"], page["data"]["methods"].as_u64()), (&json!("Test API"), Some(11)));
    let page = server.send("GET", "/", &["accept: text/html"], "").await;
    assert!(page.text().contains("<code>/v9/http/echo</code> Answers its argument"), "{page:?}");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.send("GET", path, &[], "").await.status, 200, "{path}");
    }
    server.api.stop();
    assert_eq!(server.send("GET", "/healthz", &[], "").await.status, 200);
    assert_eq!(server.send("GET", "/readyz", &[], "").await.status, 503);
}
