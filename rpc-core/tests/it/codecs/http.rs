//! MessagePack over plain HTTP: the answer uses the codec of the request, whatever it says.

use super::LIMITS;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use rpc_core::http::HttpService;
use rpc_core::{Api, ApiError, Codec, api_method, api_module};
use serde_json::{Value, json};
use tower_service::Service;

api_module! {
    /// Codecs
    path = "/v9/codecs"
}

/// Answers its argument
#[api_method(path = "/v9/codecs/echo", permissions = ["*"])]
async fn echo(value: Option<Value>) -> Result<Option<Value>, ApiError> {
    Ok(value)
}

/// A conflict
#[api_method(path = "/v9/codecs/conflict", permissions = ["*"])]
async fn conflict() -> Result<(), ApiError> {
    Err(ApiError::new(409, "It is there already"))
}

struct Answer {
    status: u16,
    content_type: String,
    body: Value,
}

/// Sends a request, and reads its answer in the codec that its content type names.
async fn send(verb: Method, target: &str, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let api = Api::builder().only("/v9/codecs/**").build().unwrap();
    let request = Request::builder().method(verb).uri(format!("http://x{target}")).header("content-type", content_type);
    let response = HttpService::new(api).call(request.body(Full::new(body.into())).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let body = Codec::of_content_type(Some(&content_type)).unwrap().decode(&body, LIMITS).unwrap();
    Answer { status, content_type, body }
}

async fn post(target: &str, body: impl Into<Bytes>) -> Answer {
    send(Method::POST, target, "application/msgpack", body).await
}

#[track_caller]
fn assert_answer(answer: &Answer, status: u16, body: &Value) {
    assert_eq!(answer.content_type, "application/msgpack");
    assert_eq!((answer.status, &answer.body), (status, body));
}

#[test_waits::test]
async fn a_messagepack_request_is_answered_in_messagepack() {
    let body = json!({"status": 200, "reason": "OK", "data": {"a": [1, -1, "é", null]}});
    let params = Codec::MsgPack.encode(&json!([{"a": [1, -1, "é", null]}])).unwrap();
    for content_type in ["application/msgpack", "Application/MsgPack; charset=binary"] {
        assert_answer(&send(Method::POST, "/v9/codecs/echo", content_type, params.clone()).await, 200, &body);
    }
    let only = Codec::MsgPack.encode(&json!({"a": [1, -1, "é", null]})).unwrap();
    assert_answer(&post("/v9/codecs/echo", only).await, 200, &body);
}

#[test_waits::test]
async fn javascript_values_arrive_as_json_would_bring_them() {
    let data = |data: Value| json!({"status": 200, "reason": "OK", "data": data});
    let answer = post("/v9/codecs/echo", &b"\x91\xd6\xff\x00\x00\x00\x00"[..]).await;
    assert_answer(&answer, 200, &data(json!("1970-01-01T00:00:00.000Z")));
    assert_answer(&post("/v9/codecs/echo", &b"\x91\xd4\x00\x00"[..]).await, 200, &data(json!(null)));
    assert_answer(&post("/v9/codecs/echo", &b"\x91\xc4\x03\x01\x02\xff"[..]).await, 200, &data(json!("AQL/")));
    assert_answer(&post("/v9/codecs/echo", &b"\x91\xd6\x011234"[..]).await, 200, &data(json!("1234")));
}

#[test_waits::test]
async fn an_empty_body_is_no_parameters_and_white_space_only_in_json() {
    let data = |data: Value| json!({"status": 200, "reason": "OK", "data": data});
    assert_answer(&post("/v9/codecs/echo", "").await, 200, &data(json!(null)));
    assert_answer(&post("/v9/codecs/echo", " ").await, 200, &data(json!(32)));
    assert_eq!(post("/v9/codecs/echo", "  ").await.status, 400);
    for body in ["", " \n"] {
        let answer = send(Method::POST, "/v9/codecs/echo", "application/json", body).await;
        assert_eq!((answer.content_type.as_str(), answer.body), ("application/json", data(json!(null))));
    }
}

#[test_waits::test]
async fn errors_use_the_codec_of_the_request() {
    let parse = "Parse error: a map key that is not a string at byte 2";
    let body =
        |status: u16, reason: &str, code: i32| json!({"status": status, "reason": reason, "code": code, "data": null});
    assert_answer(&post("/v9/codecs/echo", &b"\x91\x81\x01\x02"[..]).await, 400, &body(400, parse, -32700));
    assert_answer(&post("/v9/codecs/nothing", "").await, 404, &body(404, "Method not found", -32601));
    assert_answer(&post("/v9/codecs/conflict", "").await, 409, &body(409, "It is there already", 409));
    let invalid = post("/v9/codecs/conflict", &b"\x91\x01"[..]).await;
    assert_eq!((invalid.status, invalid.content_type.as_str()), (400, "application/msgpack"));
    assert_eq!(invalid.body["data"]["errors"][0]["keyword"], "maxItems");
    let unknown = send(Method::POST, "/v9/codecs/echo", "application/cbor", "").await;
    assert_eq!((unknown.status, unknown.content_type.as_str()), (415, "application/json"));
}

#[test_waits::test]
async fn a_get_request_is_answered_in_the_codec_it_names() {
    let body = json!({"status": 200, "reason": "OK", "data": {"a": "1"}});
    assert_answer(&send(Method::GET, "/v9/codecs/echo?a=1", "application/msgpack", "").await, 200, &body);
    let answer = send(Method::GET, "/v9/codecs/echo?a=1", "application/json", "").await;
    assert_eq!((answer.content_type.as_str(), answer.body), ("application/json", body));
}
