//! Numbers that are not finite, in answers and in the details of errors.

use std::error::Error;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use rpc_core::{
    Api, ApiBuilder, ApiError, Call, CallRecord, Codec, NonFinite, Observer, Outcome, Params, Reply, TestClient,
    TestReply, api_method, api_module, error_chain,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::builder;
use crate::spans::captured::Captured;

api_module! {
    /// Numbers
    path = "/v9/finite"
}

#[derive(Serialize, JsonSchema)]
struct Ratios {
    of: Vec<Option<f64>>,
}

/// Answers with a number that is not finite
#[api_method(path = "/v9/finite/ratio", permissions = ["*"])]
async fn ratio(finite: bool) -> Result<Reply<Ratios>, ApiError> {
    Ok(Reply::new(Ratios { of: vec![None, Some(if finite { 0.5 } else { f64::NEG_INFINITY })] }))
}

/// Answers with `f32`
#[api_method(path = "/v9/finite/single", permissions = ["*"])]
async fn single() -> Result<f32, ApiError> {
    Ok(f32::NAN)
}

fn numbers() -> ApiBuilder {
    Api::builder().only("/v9/finite/**")
}

/// Remembers the causes of failures.
#[derive(Clone, Default)]
struct Causes(Arc<Mutex<Vec<String>>>);

impl Observer for Causes {
    fn observe(&self, record: &CallRecord<'_>) {
        self.0.lock().unwrap().extend(record.error.and_then(Error::source).map(error_chain));
    }
}

async fn call(api: &Api, path: &str, codec: Codec, body: &'static [u8]) -> Outcome {
    let mut call = Call::in_process(path, api.request_id());
    (call.params, call.codec) = (Params::Encoded(Bytes::from_static(body)), codec);
    api.call(call).await
}

const REFUSED: [(Codec, &[u8]); 2] = [(Codec::Json, b"[false]"), (Codec::MsgPack, b"\x91\xc2")];

#[test_waits::test]
async fn a_test_fails_with_the_place_of_the_number() {
    let causes = Causes::default();
    let api = numbers().observer(causes.clone()).build().unwrap();
    for (codec, body) in REFUSED {
        let outcome = call(&api, "/v9/finite/ratio", codec, body).await;
        assert_eq!((outcome.status(), outcome.reason()), (500, "Internal error"), "{codec:?}");
        assert!(TestReply::from(outcome).details.request_id.is_some());
    }
    let told = std::mem::take(&mut *causes.0.lock().unwrap());
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|told| told.contains(r#"the number at "/of/1" of the answer is not finite"#)), "{told:?}");
    let client = TestClient::new(api);
    assert_eq!(client.call("/v9/finite/single", json!([])).await.status, 500);
    assert_eq!(client.call("/v9/finite/ratio", json!([true])).await.data, json!({"of": [null, 0.5]}));
}

#[test_waits::test]
async fn a_detail_that_is_not_finite_fails_too() {
    let client = TestClient::new(builder().non_finite(NonFinite::Refuse).build().unwrap());
    assert_eq!(client.call("/v9/errors/change", json!(["broken"])).await.status, 500);
    let client = TestClient::new(builder().non_finite(NonFinite::Null).build().unwrap());
    let reply = client.call("/v9/errors/change", json!(["broken"])).await;
    assert_eq!((reply.status, &reply.data["changedBy"]["share"]), (409, &json!(null)));
}

#[test_waits::test]
async fn where_null_stands_for_it_the_log_says_so_once() {
    let api = numbers().non_finite(NonFinite::Null).build().unwrap();
    let log = Captured::start();
    for _ in 0..3 {
        for (codec, body) in REFUSED {
            let reply = TestReply::from(call(&api, "/v9/finite/ratio", codec, body).await);
            assert_eq!((reply.status, reply.data), (200, json!({"of": [null, null]})), "{codec:?}");
        }
    }
    assert_eq!(log.scopes("a number that is not finite was answered as `null`").len(), 1);
}
