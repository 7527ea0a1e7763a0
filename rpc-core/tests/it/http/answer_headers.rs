//! What every answer tells a browser.

use super::{start, with_service};

const JSON: &str = "content-type: application/json";
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[test_waits::test]
async fn every_answer_is_taken_for_what_it_says_it_is() {
    let server = start().await;
    let void = "api-call-void: true";
    let long = format!("x-long: {}", "x".repeat(17_000));
    for (verb, path, headers, status) in [
        ("POST", "/v9/http/echo", vec![JSON], 200),
        ("GET", "/v9/http/echo", vec![], 200),
        ("HEAD", "/v9/http/echo", vec![], 405),
        ("POST", "/v9/http/echo", vec![JSON, void], 202),
        ("POST", "/v9/http/list", vec!["accept-encoding: gzip"], 200),
        ("POST", "/v9/http/panics", vec![JSON], 500),
        ("POST", "/v9/http/admin", vec![JSON], 401),
        ("POST", "/v9/http/nothing", vec![JSON], 404),
        ("POST", "/nothing", vec![], 404),
        ("PUT", "/v9/http/echo", vec![], 405),
        ("POST", "/v9/http/echo", vec!["content-type: text/plain"], 415),
        ("POST", "/v9/http/echo", vec![JSON, &long], 431),
        ("OPTIONS", "/v9/http/echo", vec!["origin: http://x"], 204),
        ("GET", "/", vec![], 200),
        ("GET", "/", vec!["accept: text/html"], 200),
        ("GET", "/healthz", vec![], 200),
        ("GET", "/readyz", vec![], 200),
        ("GET", "/api", vec![], 400),
        ("POST", "/api", vec![JSON], 400),
        ("POST", "/api/ping", vec![], 200),
        ("GET", "/api", vec!["upgrade: websocket"], 400),
    ] {
        let body = if headers.contains(&"content-type: text/plain") { "x" } else { "" };
        let answer = server.send(verb, path, &headers, body).await;
        assert_eq!(answer.status, status, "{verb} {path} {headers:?}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{verb} {path} {headers:?}");
        let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        let policy = answer.header("content-security-policy");
        assert_eq!(policy, is_page.then_some(POLICY), "{verb} {path} {headers:?}");
    }
}

#[test_waits::test]
async fn the_front_page_is_shown_in_no_frame_and_tells_nobody_of_itself() {
    let server = with_service(|service| service.name("<b>Name</b>")).await;
    let page = server.send("GET", "/", &["accept: text/html"], "").await;
    assert_eq!((page.header("x-frame-options"), page.header("referrer-policy")), (Some("DENY"), Some("no-referrer")));
    // What the policy would not let run is not there either.
    for forbidden in ["<script", "<style", "style=", "src=", "href=", "<b>"] {
        assert!(!page.text().contains(forbidden), "{forbidden}");
    }
}
