//! The head of a request, for handlers and for authenticators.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use rpc_core::http::HttpService;
use rpc_core::{Api, TestClient};
use serde_json::{Value, json};
use tower_service::Service;

use super::{Heads, Tenant, builder, start};
use crate::rpc::socket::Socket;
use crate::support::NamedTokens;
use crate::support::server::Running;

#[test_waits::test]
async fn a_handler_that_takes_the_head_reads_it_over_every_way_in() {
    let server = start().await;
    let headers = ["x-test: here", "cookie: a=b; seen=yes"];
    let expected = json!(["here", "yes"]);
    assert_eq!(server.post_with("/v9/request/head", &headers, r#"["x-test"]"#).await.json()["data"], expected);
    let call = |id: u32| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"/v9/request/head","params":["x-test"]}}"#);
    let answer = server.post_with("/api", &headers, &call(1)).await.json();
    assert_eq!(answer["result"]["data"], expected);
    let batch = server.post_with("/api", &headers, &format!("[{},{}]", call(1), call(2))).await.json();
    assert_eq!((&batch[0]["result"]["data"], &batch[1]["result"]["data"]), (&expected, &expected));
    let mut socket = Socket::open(&server, &[("x-test", "here"), ("cookie", "seen=yes")]).await.unwrap();
    for _ in 0..2 {
        assert_eq!(socket.call("/v9/request/head", json!(["x-test"])).await["result"]["data"], expected);
    }
    let client = TestClient::new(server.api.clone());
    assert_eq!(client.call("/v9/request/head", json!(["x-test"])).await.data, json!([null, null]));
    let client = client.header("x-test", "here").header("cookie", "seen=yes");
    assert_eq!(client.call("/v9/request/head", json!(["X-Test"])).await.data, expected);
}

#[test_waits::test]
async fn for_other_methods_nothing_of_the_head_is_kept() {
    let server = start().await;
    assert_eq!(server.post_with("/v9/request/without", &["x-test: here"], "[]").await.json()["data"], false);
    let mut socket = Socket::open(&server, &[("x-test", "here")]).await.unwrap();
    assert_eq!(socket.call("/v9/request/without", json!([])).await["result"]["data"], false);
}

#[test_waits::test]
async fn debug_shows_no_value_of_a_header() {
    let server = start().await;
    let headers = ["x-device: d", "authorization: Bearer ann-secret", "cookie: a=ann-secret", "x-other: ann-secret"];
    let answer = server.post_with("/v9/request/debug", &headers, "[]").await;
    assert!(answer.text().contains("authorization") && !answer.text().contains("ann-secret"), "{}", answer.text());
}

#[test_waits::test]
async fn a_layer_puts_extensions_beside_the_request() {
    let mut service = HttpService::new(builder().build().unwrap());
    let mut ask = async |path: &str, tenant: Option<Tenant>| {
        let mut request = Request::post(format!("http://x{path}")).body(Full::new(Bytes::from_static(b"[]"))).unwrap();
        if let Some(tenant) = tenant {
            request.extensions_mut().insert(tenant);
        }
        let body = service.call(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice::<Value>(&body).unwrap()["data"].clone()
    };
    assert_eq!(ask("/v9/request/extension", Some(Tenant(5))).await, 5);
    assert_eq!(ask("/v9/request/extension", None).await, json!(null));
    assert_eq!(ask("/v9/request/whoami", Some(Tenant(5))).await, json!(["bob", null]));
    let client = TestClient::new(builder().build().unwrap()).extension(Tenant(6));
    assert_eq!(client.call("/v9/request/extension", json!([])).await.data, 6);
}

#[test_waits::test]
async fn a_header_of_its_own_tells_who_calls_and_claims_go_along() {
    let server = start().await;
    let ask = async |headers: &[&str]| {
        let answer = server.post_with("/v9/request/whoami", headers, "[]").await;
        (answer.status, answer.json()["data"].clone())
    };
    assert_eq!(ask(&["x-api-key: ann1"]).await, (200, json!(["ann", 7])));
    assert_eq!(ask(&[]).await, (200, json!(null)));
    assert_eq!(ask(&["x-api-key: eve"]).await.0, 401);
    assert_eq!(ask(&["x-api-key: ann1", "x-api-key: ann1"]).await, (200, json!(null)), "twice proves nothing");
    assert_eq!(ask(&["authorization: Bearer ann1"]).await.0, 401, "a token goes with its device");
    assert_eq!(ask(&["authorization: Bearer ann1", "x-device: d"]).await, (200, json!(["ann", 7])));
    assert_eq!(ask(&["authorization: Digest x", "x-api-key: ann1"]).await.0, 401, "what is there has to be good");
    let client = TestClient::new(server.api.clone()).header("x-api-key", "ann1");
    assert_eq!(client.call("/v9/request/whoami", json!([])).await.data, json!(["ann", 7]));
}

#[test_waits::test]
async fn a_method_that_ignores_tokens_ignores_heads_until_it_asks() {
    let server = start().await;
    let ask = async |headers: &[&str]| {
        let answer = server.post_with("/v9/request/late", headers, "[]").await;
        (answer.status, answer.json()["data"].clone())
    };
    assert_eq!(ask(&["x-api-key: ann1"]).await, (200, json!([null, "ann"])));
    assert_eq!(ask(&["x-device: d", "authorization: Bearer ann1"]).await, (200, json!([null, "ann"])));
    assert_eq!(ask(&[]).await, (200, json!([null, null])));
    assert_eq!(ask(&["x-api-key: eve"]).await.0, 401);
}

#[test_waits::test]
async fn a_socket_is_somebody_by_its_upgrade_until_that_is_withdrawn() {
    let heads = Heads::default();
    let server = Running::serve(builder().authenticator(heads.clone()), |service| service).await;
    let mut socket = Socket::open(&server, &[("x-api-key", "ann2")]).await.unwrap();
    let mut other = Socket::open(&server, &[("x-api-key", "ann3")]).await.unwrap();
    let mut guest = Socket::open(&server, &[]).await.unwrap();
    assert_eq!(socket.call("/v9/request/whoami", json!([])).await["result"]["data"], json!(["ann", 7]));
    heads.withdraw("ann2");
    server.api.bus().announce(rpc_core::Notice::Missed).await.unwrap();
    assert_eq!(socket.closed().await, Some(4000));
    assert_eq!(other.call("/v9/request/whoami", json!([])).await["result"]["data"], json!(["ann", 7]));
    assert_eq!(guest.call("/v9/request/whoami", json!([])).await["result"]["data"], json!(null));
    assert_eq!(Socket::open(&server, &[("x-api-key", "eve")]).await.unwrap().closed().await, Some(4401));
}

#[test_waits::test]
async fn the_head_of_an_upgrade_is_counted_while_its_socket_is_open() {
    let server = start().await;
    let memory = |server: &Running| {
        server.api.resources().into_iter().find(|used| used.resource == rpc_core::Resource::Memory).unwrap().held
    };
    let before = memory(&server);
    let short = Socket::open(&server, &[]).await.unwrap();
    let between = memory(&server);
    let long = "x".repeat(8000);
    let socket = Socket::open(&server, &[("x-long", &long)]).await.unwrap();
    assert!(memory(&server) - between >= between - before + 8000);
    drop((short, socket));
    test_waits::until("the end of the sockets", || memory(&server) == 0).await;
    let plain = Api::builder().only("/v9/request/whoami").authenticator(NamedTokens);
    let plain = Running::serve(plain, |service| service).await;
    let _short = Socket::open(&plain, &[]).await.unwrap();
    let short = memory(&plain);
    let _long = Socket::open(&plain, &[("x-long", &long)]).await.unwrap();
    assert_eq!(memory(&plain), 2 * short, "nobody looks at heads here");
}
