//! What an answer carries beside its envelope: headers, cookies, redirects, what caches are told.

use std::time::Duration;

use rpc_core::{Api, ApiError, CacheControl, Reply, SameSite, SetCookie, TestClient, api_method, api_module};
use serde_json::json;

use crate::rpc::socket::Socket;
use crate::support::server::{Answer, Running};

api_module! {
    /// Answers
    path = "/v9/answers"
}

/// Sets headers and cookies
#[api_method(path = "/v9/answers/plain/sets", permissions = ["*"])]
async fn sets() -> Result<Reply<u8>, ApiError> {
    let strict = SetCookie::new("__Host-s", "1").same_site(SameSite::Strict);
    let reply = Reply::new(7).header("Link", "</a>; rel=next")?.header("link", "</b>")?;
    Ok(reply.cookie(&strict)?.cookie(&SetCookie::removed("old"))?)
}

/// Tries to set a header of the framework
#[api_method(path = "/v9/answers/plain/tries", permissions = ["*"])]
async fn tries(name: String, value: String) -> Result<Reply<u8>, ApiError> {
    Ok(Reply::new(7).header(&name, &value)?)
}

/// Sends the caller elsewhere
#[api_method(path = "/v9/answers/plain/goes", permissions = ["*"])]
async fn goes(status: u16, location: String) -> Result<Reply<Option<u8>>, ApiError> {
    Ok(Reply::redirect(status, &location)?)
}

/// Lets caches keep what may change something
#[api_method(path = "/v9/answers/plain/keeps", permissions = ["*"])]
async fn keeps() -> Result<Reply<u8>, ApiError> {
    Ok(Reply::new(7).cache(CacheControl::Revalidate))
}

/// A version of a text
#[api_method(path = "/v9/answers/cached", permissions = ["*"])]
async fn cached() -> Result<Reply<String>, ApiError> {
    Ok(Reply::new("x".repeat(2000)).etag("v1")?.cache(CacheControl::Private(Duration::from_secs(60))))
}

/// The same for everybody
#[api_method(path = "/v9/answers/public", permissions = ["*"])]
async fn public() -> Result<Reply<u8>, ApiError> {
    Ok(Reply::new(7).cache(CacheControl::Public(Duration::from_millis(90_500))))
}

/// The same for all guests
#[api_method(path = "/v9/answers/guests", permissions = ["guest"], read_only)]
async fn for_guests() -> Result<Reply<u8>, ApiError> {
    public().await
}

fn api() -> Api {
    let builder = Api::builder().only("/v9/answers/plain/**");
    builder.method(cached::ENTRY.read_only()).method(public::ENTRY.read_only()).build().unwrap()
}

async fn start() -> Running {
    let builder = Api::builder().only("/v9/answers/plain/**");
    let builder = builder.method(cached::ENTRY.read_only()).method(public::ENTRY.read_only()).method(for_guests::ENTRY);
    Running::serve(builder, |service| service).await
}

fn all<'a>(answer: &'a Answer, name: &str) -> Vec<&'a str> {
    answer.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
}

const COOKIES: [&str; 2] = [
    "__Host-s=1; Path=/; SameSite=Strict; Secure; HttpOnly",
    "old=; Path=/; Max-Age=0; SameSite=Lax; Secure; HttpOnly",
];

#[test_waits::test]
async fn headers_and_cookies_travel_with_an_answer_over_http() {
    let server = start().await;
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"/v9/answers/plain/sets"}"#;
    for (target, body) in [("/v9/answers/plain/sets", "[]"), ("/api", call)] {
        let answer = server.post(target, body).await;
        assert_eq!(all(&answer, "link"), ["</a>; rel=next", "</b>"], "{target}");
        assert_eq!(all(&answer, "set-cookie"), COOKIES, "{target}");
        assert_eq!(answer.status, 200);
    }
    let batch = server.post("/api", &format!("[{call}]")).await;
    assert_eq!((all(&batch, "link").len(), &batch.json()[0]["result"]["data"]), (0, &json!(7)));
    let mut socket = Socket::open(&server, &[]).await.unwrap();
    assert_eq!(socket.call("/v9/answers/plain/sets", json!([])).await["result"]["data"], 7);
    let reply = TestClient::new(api()).call("/v9/answers/plain/sets", json!([])).await;
    let cookies: Vec<_> = reply.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!((reply.headers["link"].to_str().unwrap(), cookies), ("</a>; rel=next", COOKIES.to_vec()));
}

#[test_waits::test]
async fn what_an_answer_cannot_carry_is_a_fault_of_the_program() {
    let server = start().await;
    for (name, value) in [("Content-Length", "1"), ("x-a", "b\r\nx-evil: 1"), ("x a", "b"), ("Set-Cookie", "a=b")] {
        let answer = server.post("/v9/answers/plain/tries", &json!([name, value]).to_string()).await;
        assert_eq!((answer.error(), answer.header("x-evil")), ((500, -32603), None), "{name}");
    }
    let answer = server.post("/v9/answers/plain/tries", r#"["x-good", "yes"]"#).await;
    assert_eq!(answer.header("x-good"), Some("yes"));
}

#[test_waits::test]
async fn a_redirect_is_a_header_over_plain_http_and_a_field_everywhere() {
    let server = start().await;
    let answer = server.post("/v9/answers/plain/goes", r#"[303, "/v1/a?b=c"]"#).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/v1/a?b=c")));
    assert_eq!(answer.text(), r#"{"status":303,"reason":"See Other","data":null,"location":"/v1/a?b=c"}"#);
    let params = json!([307, "https://a.example/"]);
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "/v9/answers/plain/goes", "params": params});
    let answer = server.post("/api", &call.to_string()).await;
    assert_eq!((answer.status, answer.header("location")), (307, None));
    assert_eq!(answer.json()["result"]["location"], "https://a.example/");
    let mut socket = Socket::open(&server, &[]).await.unwrap();
    let answer = socket.call("/v9/answers/plain/goes", params.clone()).await;
    assert_eq!((&answer["result"]["status"], &answer["result"]["location"]), (&json!(307), &params[1]));
    let reply = TestClient::new(api()).call("/v9/answers/plain/goes", params.clone()).await;
    assert_eq!((reply.status, &reply.extra["location"]), (307, &params[1]));
    assert_eq!(reply.headers["location"], "https://a.example/");
    for bad in [json!([303, "//evil.example"]), json!([200, "/a"]), json!([303, "/a\r\nx-evil: 1"])] {
        assert_eq!(server.post("/v9/answers/plain/goes", &bad.to_string()).await.error().0, 500, "{bad}");
    }
}

#[test_waits::test]
async fn a_version_that_the_client_has_is_not_sent_again() {
    let server = start().await;
    let get = async |verb: &str, headers: &[&str]| server.send(verb, "/v9/answers/cached", headers, "").await;
    let whole = get("GET", &[]).await;
    assert_eq!((whole.status, whole.header("etag")), (200, Some("W/\"v1\"")));
    assert_eq!(all(&whole, "cache-control"), ["private, max-age=60"]);
    assert_eq!(all(&whole, "vary"), ["Content-Type, Authorization, Cookie", "Accept-Encoding"]);
    let zipped = get("GET", &["accept-encoding: gzip"]).await;
    assert_eq!((zipped.header("content-encoding"), zipped.header("etag")), (Some("gzip"), Some("W/\"v1\"")));
    let head = get("HEAD", &[]).await;
    let length = whole.body.len().to_string();
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, Some(length.as_str()), 0));
    for verb in ["GET", "HEAD"] {
        let answer = get(verb, &["if-none-match: \"v0\", W/\"v1\""]).await;
        assert_eq!((answer.status, answer.body.len(), answer.header("etag")), (304, 0, Some("W/\"v1\"")));
        assert_eq!(all(&answer, "cache-control"), ["private, max-age=60"]);
        assert!(answer.header("x-request-id").is_some());
    }
    assert_eq!(get("GET", &["if-none-match: \"v2\""]).await.status, 200);
    // What is sent to it is not kept.
    let posted = server.post_with("/v9/answers/cached", &["if-none-match: \"v1\""], "[]").await;
    assert_eq!((posted.status, posted.header("etag"), all(&posted, "cache-control")), (200, None, vec!["no-store"]));
    let public = server.send("GET", "/v9/answers/public", &[], "").await;
    assert_eq!(
        (all(&public, "cache-control"), all(&public, "vary")),
        (vec!["public, max-age=90"], vec!["Content-Type"])
    );
    let guests = server.send("GET", "/v9/answers/guests", &[], "").await;
    assert_eq!(all(&guests, "cache-control"), ["private, max-age=90"], "others may not call");
}

#[test_waits::test]
async fn only_read_only_methods_tell_caches_anything_and_have_head() {
    let server = start().await;
    assert_eq!(server.post("/v9/answers/plain/keeps", "[]").await.error(), (500, -32603));
    let answer = server.send("HEAD", "/v9/answers/plain/sets", &[], "").await;
    assert_eq!((answer.status, answer.header("link")), (405, None));
    assert_eq!(server.send("HEAD", "/api/v9/answers/plain/sets", &[], "").await.status, 405);
    assert_eq!(server.send("HEAD", "/v9/answers/public", &[], "").await.status, 200);
}
