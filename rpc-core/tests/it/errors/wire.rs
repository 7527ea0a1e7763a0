//! What callers get of an error that is a type.

use std::time::Duration;

use rpc_core::client::{HttpClient, WsClient};
use rpc_core::{ApiError, Codec, TestClient};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Author, OrderError, builder, cause};
use crate::support::server::Running;

const CHANGE: &str = "/v9/errors/change";

/// The errors as a client of another program sees them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Seen {
    NotFound,
    Conflict {
        current: u32,
        #[serde(rename = "changedBy")]
        changed_by: Author,
    },
    PaymentError {
        attempts: u8,
    },
}

fn conflict() -> Seen {
    Seen::Conflict { current: 7, changed_by: Author { name: "ann".to_owned(), share: 0.5 } }
}

#[test]
fn an_error_is_one_pointer_in_size() {
    assert_eq!(size_of::<ApiError>(), size_of::<usize>());
}

#[test_waits::test]
async fn kind_and_details_have_the_documented_bytes() {
    let server = Running::serve(builder(), |service| service).await;
    let answer = server.post(CHANGE, r#"["conflict"]"#).await;
    assert_eq!(
        answer.text(),
        concat!(
            r#"{"status":409,"reason":"The order is at {7} by now","code":40901,"#,
            r#""data":{"kind":"conflict","current":7,"changedBy":{"name":"ann","share":0.5}}}"#
        )
    );
    assert_eq!(answer.error(), (409, 40901));
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": CHANGE, "params": ["conflict"]}).to_string();
    let answer = server.post("/api", &request).await;
    assert_eq!(
        answer.text(),
        concat!(
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":40901,"message":"The order is at {7} by now","data":{"exception":false,"#,
            r#""status":409,"meta":{},"kind":"conflict","current":7,"changedBy":{"name":"ann","share":0.5}}}}"#
        )
    );
    let answer = server.post(CHANGE, r#"["not found"]"#).await;
    assert_eq!(
        answer.text(),
        r#"{"status":404,"reason":"There is no such order","code":404,"data":{"kind":"not_found"}}"#
    );
    let answer = server.post("/v9/errors/prose", "[]").await;
    assert_eq!(answer.text(), r#"{"status":409,"reason":"This name is taken","code":409,"data":null}"#);
    let answer = server.post("/v9/errors/by-hand", "[]").await;
    assert_eq!(answer.text(), r#"{"status":410,"reason":"It is gone","code":41001,"data":{"kind":"gone","left":3}}"#);
}

#[test_waits::test]
async fn a_client_reads_the_details_as_one_enum() {
    let server = Running::serve(builder(), |service| service).await;
    for codec in [Codec::Json, Codec::MsgPack] {
        let http = HttpClient::new(&format!("http://{}", server.address)).unwrap().codec(codec);
        let ws = WsClient::builder(&format!("ws://{}", server.address)).codec(codec).connect().await.unwrap();
        let payment = Seen::PaymentError { attempts: 3 };
        let cases = [("conflict", conflict()), ("not found", Seen::NotFound), ("payment", payment)];
        for (case, expected) in cases {
            for answer in [http.call::<u32>(CHANGE, (case,)).await, ws.call::<u32>(CHANGE, (case,)).await] {
                assert_eq!(answer.unwrap_err().details(), Some(expected.clone()), "{case} {codec:?}");
            }
        }
        let error = http.call::<u32>(CHANGE, ("conflict",)).await.unwrap_err();
        let failure = error.failure().unwrap();
        assert_eq!((failure.status, failure.code, failure.kind.as_deref()), (409, 40901, Some("conflict")));
        assert!(failure.details::<Vec<u8>>().is_err());
        let error = http.call::<Value>("/v9/errors/prose", ()).await.unwrap_err();
        assert_eq!((error.failure().unwrap().kind.as_deref(), error.details::<Seen>()), (None, None));
        ws.close().await;
    }
}

#[test_waits::test]
async fn a_test_client_reads_them_too() {
    let client = TestClient::new(builder().build().unwrap());
    let reply = client.call(CHANGE, json!(["conflict"])).await;
    assert_eq!((reply.status, reply.code), (409, Some(40901)));
    assert_eq!(reply.error_details::<Seen>().unwrap(), conflict());
    assert!(client.call(CHANGE, json!(["else"])).await.error_details::<u32>().is_err(), "a success has none");
    assert!(client.call("/v9/errors/prose", json!([])).await.error_details::<Seen>().is_err());
}

#[test_waits::test]
async fn each_variant_is_the_error_that_it_says() {
    let client = TestClient::new(builder().build().unwrap());
    for (case, status, code, reason) in [
        ("closed", 503, 503, "The shop is closed"),
        ("store", 503, -32814, "Service is unavailable"),
        ("payment", 402, 402, "The card was refused"),
        ("other", 418, 418, "I am a teapot"),
        ("lost", 500, -32603, "Internal error"),
        ("orphan", 500, -32603, "Internal error"),
    ] {
        let reply = client.call(CHANGE, json!([case])).await;
        assert_eq!((reply.status, reply.code, reply.reason.as_str()), (status, Some(code), reason), "{case}");
    }
}

#[test]
fn what_only_the_log_sees_is_a_source() {
    let author = Author { name: "ann".to_owned(), share: 0.5 };
    let error = ApiError::from(OrderError::Conflict { current: 7, changed_by: author, cause: cause() });
    assert_eq!(rpc_core::error_chain(&error), "409 The order is at {7} by now: the secret cause");
    let error = ApiError::from(OrderError::Lost(cause()));
    assert_eq!(rpc_core::error_chain(&error), "500 Internal error: the secret cause");
    let error = ApiError::from(OrderError::Orphan);
    assert_eq!(rpc_core::error_chain(&error), "500 Internal error: OrderError::Orphan: The order has no customer");
    assert_eq!((error.kind(), ApiError::from(OrderError::NotFound).kind()), (None, Some("not_found")));
}

#[test]
fn an_error_says_when_to_try_again() {
    let after = |error: OrderError| ApiError::from(error).retry_after();
    assert_eq!(after(OrderError::Closed), Some(Duration::from_secs(120)));
    assert_eq!(after(OrderError::Busy { after: Duration::from_millis(1500) }), Some(Duration::from_millis(1500)));
    assert_eq!(after(OrderError::NotFound), None);
}
