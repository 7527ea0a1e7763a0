//! A reply with the status of an error is one, on every way in.

use rpc_core::client::{HttpClient, WsClient};
use rpc_core::{Codec, Disposition, TestClient};
use serde_json::{Value, json};

use super::builder;
use crate::support::server::Running;

const REPLY: &str = "/v9/errors/reply";

#[test_waits::test]
async fn it_has_a_code_on_plain_http_and_is_an_error_in_json_rpc() {
    let server = Running::serve(builder(), |service| service).await;
    let answer = server.post(REPLY, "[409]").await;
    assert_eq!(answer.text(), r#"{"status":409,"reason":"Conflict","code":409,"data":[1,2],"hint":"ask","errors":7}"#);
    let request =
        |status: u16| json!({"jsonrpc": "2.0", "id": 1, "method": REPLY, "params": [status, "No"]}).to_string();
    let answer = server.post("/api", &request(503)).await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.text(),
        concat!(
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":503,"message":"No","data":{"exception":false,"status":503,"#,
            r#""meta":{"hint":"ask","errors":7},"data":[1,2],"hint":"ask"}}}"#
        )
    );
    assert!(server.post("/api", &request(399)).await.json()["result"]["data"].is_array());
    let seen: Vec<_> = server.memory.take().iter().map(|seen| (seen.status, seen.disposition, seen.accepted)).collect();
    let finished = |status: u16| (status, Disposition::Finished, true);
    assert_eq!(seen, [finished(409), finished(503), finished(399)]);
    let counts = server.api.method(REPLY).unwrap().counts().unwrap();
    assert_eq!(counts.statuses, [(399, 1), (409, 1), (503, 1)]);
}

#[test_waits::test]
async fn a_client_fails_with_it() {
    let server = Running::serve(builder(), |service| service).await;
    for codec in [Codec::Json, Codec::MsgPack] {
        let http = HttpClient::new(&format!("http://{}", server.address)).unwrap().codec(codec);
        let ws = WsClient::builder(&format!("ws://{}", server.address)).codec(codec).connect().await.unwrap();
        for answer in [http.call::<Value>(REPLY, (409,)).await, ws.call::<Value>(REPLY, (409,)).await] {
            let error = answer.unwrap_err();
            let failure = error.failure().unwrap();
            assert_eq!((failure.status, failure.code, failure.reason.as_str()), (409, 409, "Conflict"));
            assert_eq!(error.details::<Vec<u8>>(), Some(vec![1, 2]), "{codec:?}");
        }
        ws.close().await;
    }
}

#[test_waits::test]
async fn a_test_client_and_other_methods_see_an_error() {
    let api = builder().build().unwrap();
    let reply = TestClient::new(api.clone()).call(REPLY, json!([404, "Nothing"])).await;
    assert_eq!((reply.status, reply.code, reply.reason.as_str()), (404, Some(404), "Nothing"));
    assert_eq!((reply.error_details::<Vec<u8>>().unwrap(), &reply.extra["hint"]), (vec![1, 2], &json!("ask")));
    let mut call = rpc_core::Call::in_process(REPLY, api.request_id());
    call = call.with_params(vec![json!(401)]);
    assert_eq!(api.call(call).await.error().unwrap().number(), 401);
}
