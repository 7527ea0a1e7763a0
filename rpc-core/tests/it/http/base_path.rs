//! Everything below a base path.

use rpc_core::http::{HttpService, Server, ServiceFault};
use serde_json::json;

use super::{builder, with_service};

#[test_waits::test]
async fn methods_pages_and_calls_are_below_the_base_path() {
    let server = with_service(|service| service.base_path("/shop/")).await;
    for path in ["/shop/v1/../x", "/shop/%2e%2e/x"] {
        assert_eq!(server.send("GET", path, &[], "").await.status, 400, "{path}");
    }
    for path in ["/shop/v9/http/echo", "/shop//v9/http/echo", "//shop/v9/http/%65cho"] {
        assert_eq!(server.post(path, r#"["a"]"#).await.json()["data"], "a", "{path}");
    }
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "/v9/http/echo", "params": ["a"]}).to_string();
    assert_eq!(server.post("/shop/api", &call).await.json()["result"]["data"], "a");
    assert_eq!(server.post("/shop/api/v9/http/echo", r#"["a"]"#).await.status, 200);
    for path in ["/shop", "/shop/", "/shop/healthz", "/shop/readyz", "/healthz", "/readyz"] {
        assert_eq!(server.send("GET", path, &[], "").await.status, 200, "{path}");
    }
}

#[test_waits::test]
async fn what_is_not_below_the_base_path_is_not_served() {
    let server = with_service(|service| service.base_path("/shop")).await;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "/v9/http/echo", "params": ["a"]}).to_string();
    for path in ["/v9/http/echo", "/", "/api", "/shopping/v9/http/echo", "/x/shop/v9/http/echo", "/shop/healthz/x"] {
        assert_eq!(server.post(path, &call).await.error().0, 404, "{path}");
        assert_eq!(server.post_with(path, &["api-call-void: true"], r#"["a"]"#).await.error().0, 404, "{path}");
        assert_eq!(server.send("OPTIONS", path, &[], "").await.status, 204, "{path}");
    }
}

#[test_waits::test]
async fn the_welcome_page_shows_where_things_are() {
    let server = with_service(|service| service.base_path("/shop")).await;
    let page = server.send("GET", "/shop/", &["accept: text/html"], "").await;
    assert!(page.text().contains("<code>/shop/v9/http/echo</code>"), "{}", page.text());
    let data = &server.send("GET", "/shop", &[], "").await.json()["data"];
    assert_eq!((&data["health"], &data["readiness"]), (&json!("/shop/healthz"), &json!("/shop/readyz")));
}

#[test_waits::test]
async fn a_base_path_that_no_request_has_is_not_served() {
    for path in ["shop", "/", "/a//b", "/a b", "/a%20b", "/../a", "/shop//"] {
        let service = HttpService::new(builder().build().unwrap()).base_path(path);
        let shown = if path == "/shop//" { "/shop/" } else { path };
        let expected = ServiceFault::BadBasePath(shown.to_owned());
        assert!(expected.to_string().contains(&format!("the base path \"{shown}\" is no path")), "{expected}");
        assert_eq!(service.faults(), std::slice::from_ref(&expected));
        let error = Server::bind(service, "127.0.0.1:0".parse().unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (std::io::ErrorKind::InvalidInput, expected.to_string()));
    }
}
