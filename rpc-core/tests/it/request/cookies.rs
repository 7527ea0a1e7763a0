//! Cookies as credentials: they count for pages that may call, and for nobody else.

use serde_json::json;

use super::{Heads, allowing, builder, start};
use crate::rpc::socket::Socket;
use crate::support::server::Running;

const COOKIE: &str = "cookie: session=ann1";

/// Headers of a browser's request, and the status of a call that needs a user.
const PAGES: [(&[&str], u16); 9] = [
    (&["origin: https://app.example"], 200),
    (&["sec-fetch-site: same-origin"], 200),
    (&["origin: https://app.example", "sec-fetch-site: cross-site"], 200),
    (&["origin: https://evil.example"], 403),
    (&["origin: null"], 403),
    (&["sec-fetch-site: same-site"], 403),
    (&["sec-fetch-site: cross-site"], 403),
    (&["sec-fetch-site: none"], 403),
    (&[], 403),
];

#[test_waits::test]
async fn a_cookie_is_a_credential_only_for_pages_that_may_call() {
    let server = start().await;
    for (headers, expected) in PAGES {
        let with_cookie = [&[COOKIE], headers].concat();
        let answer = server.post_with("/v9/request/users", &with_cookie, "[]").await;
        assert_eq!(answer.status, expected, "{headers:?}");
        let request = r#"{"jsonrpc":"2.0","id":1,"method":"/v9/request/users"}"#;
        let answer = server.post_with("/api", &with_cookie, request).await;
        assert_eq!(answer.status, expected, "{headers:?}");
        // Without a credential among the cookies they are as they always were.
        let answer = server.post_with("/v9/request/whoami", &[&["cookie: other=1"], headers].concat(), "[]").await;
        assert_eq!((answer.status, answer.json()["data"].clone()), (200, json!(null)), "{headers:?}");
    }
    let answer = server.post_with("/v9/request/users", &[COOKIE, "origin: https://evil.example"], "[]").await;
    assert_eq!(answer.error(), (403, 403));
    assert!(answer.text().contains("`Origin`"), "{}", answer.text());
}

#[test_waits::test]
async fn a_bad_cookie_is_401_and_two_are_none() {
    let server = start().await;
    let own = "origin: https://app.example";
    for cookie in ["cookie: session=eve", "cookie: session=ann1; session=ann1"] {
        assert_eq!(server.post_with("/v9/request/whoami", &[own, cookie], "[]").await.status, 401, "{cookie}");
    }
}

#[test_waits::test]
async fn a_header_goes_before_a_cookie() {
    let server = start().await;
    let headers = [COOKIE, "x-device: d", "authorization: Bearer ann1", "origin: https://evil.example"];
    assert_eq!(server.post_with("/v9/request/users", &headers, "[]").await.status, 200);
}

#[test_waits::test]
async fn for_get_a_cookie_is_none() {
    let server = start().await;
    for headers in [&[COOKIE][..], &[COOKIE, "origin: https://app.example"], &[COOKIE, "sec-fetch-site: same-origin"]] {
        assert_eq!(server.send("GET", "/v9/request/users", headers, "").await.status, 401);
        assert_eq!(server.send("GET", "/v9/request/whoami", headers, "").await.json()["data"], json!(null));
    }
    assert_eq!(server.send("GET", "/v9/request/users", &["x-api-key: ann1"], "").await.status, 200);
}

#[test_waits::test]
async fn an_upgrade_with_a_cookie_needs_the_page_too() {
    let heads = Heads::default();
    let server = Running::serve(builder().authenticator(heads.clone()), allowing).await;
    let cookie = ("cookie", "session=ann-guest");
    for page in [None, Some(("sec-fetch-site", "cross-site")), Some(("origin", "https://evil.example"))] {
        let headers: Vec<_> = page.into_iter().chain([cookie]).collect();
        assert_eq!(Socket::open(&server, &headers).await.err(), Some(403), "{page:?}");
    }
    for page in [("origin", "https://app.example"), ("sec-fetch-site", "same-origin")] {
        let mut socket = Socket::open(&server, &[cookie, page]).await.unwrap();
        assert_eq!(socket.call("/v9/request/whoami", json!([])).await["result"]["data"], json!(["ann", 7]));
    }
    let socket = Socket::open(&server, &[cookie, ("origin", "https://app.example")]).await.unwrap();
    heads.withdraw("ann-guest");
    server.api.bus().announce(rpc_core::Notice::Missed).await.unwrap();
    assert_eq!(socket.closed().await, Some(4000), "a user who is a guest now is signed out");
}
