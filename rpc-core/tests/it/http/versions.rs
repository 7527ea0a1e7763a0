//! HTTP/2 by prior knowledge, and the service mounted without the server.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rpc_core::http::HttpService;
use serde_json::{Value, json};
use tower_service::Service;

use super::{builder, start};

fn request(path: &str, body: &'static str) -> Request<Full<Bytes>> {
    Request::post(format!("http://x{path}")).body(Full::new(Bytes::from(body))).unwrap()
}

#[test_waits::test]
async fn http2_by_prior_knowledge_carries_many_calls_at_once() {
    let server = start().await;
    let io = TokioIo::new(server.connect().await);
    let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    let connection = tokio::spawn(connection);
    let calls = (0..50).map(|_| {
        let mut sender = sender.clone();
        async move {
            let response = sender.send_request(request("/v9/http/echo", "[7]")).await.unwrap();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            serde_json::from_slice::<Value>(&body).unwrap()["data"].clone()
        }
    });
    assert_eq!(futures_util::future::join_all(calls).await, vec![json!(7); 50]);
    drop(sender);
    connection.await.unwrap().unwrap();
    assert_eq!(server.stop().await.cut, 0);
}

#[test_waits::test]
async fn the_service_answers_wherever_it_is_mounted() {
    let api = builder().build().unwrap();
    let mut service = HttpService::new(api);
    let mut ask = async |path: &str| {
        let response = service.call(request(path, "[7]")).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice::<Value>(&body).unwrap()["data"].clone())
    };
    assert_eq!(ask("/v9/http/echo").await, (200, json!(7)));
    assert_eq!(ask("/v9/http/nothing").await, (404, json!(null)));
    assert_eq!(ask("/v9/http/address").await.0, 400);
}
