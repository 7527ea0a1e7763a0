use rpc_core::Upload;
use serde_json::{Value, json};

use crate::scenario::{Scenario, scenario};
use crate::world::{Who, World};

pub(super) fn table() -> Vec<Scenario> {
    const TEST: &str = "/v1/test/test";
    const UPLOAD: &str = "/v1/test/upload";
    let nothing = json!({"file": null, "request": null, "data": null});
    vec![
        scenario("an argument", Who::Guest, TEST, json!(["x"])).data(json!("x")),
        scenario("null", Who::Guest, TEST, json!([null])),
        scenario("no argument", Who::Ann, TEST, json!([])),
        scenario("a number", Who::Guest, TEST, json!([7])).refused(&[("/0", "type")]),
        scenario("too many", Who::Guest, TEST, json!(["x", 1])).refused(&[("/1", "maxItems")]),
        scenario("no file", Who::Guest, UPLOAD, json!([])).data(nothing),
        scenario("objects", Who::Guest, UPLOAD, json!([{"a": 1}, {"b": [2]}]))
            .data(json!({"file": null, "request": {"a": 1}, "data": {"b": [2]}})),
        scenario("no object", Who::Guest, UPLOAD, json!([["x"]])).refused(&[("/0", "type")]),
    ]
}

#[test_waits::test]
async fn an_upload_tells_of_the_file_and_answers_the_rest() {
    let client = World::new().await.guest().upload(Upload::new("a.txt", "text/plain", "abc"));
    let reply = client.call("/v1/test/upload", json!([{"a": 1}])).await;
    // FIPS 180-4, "abc".
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let file = json!({"name": "a.txt", "size": 3, "type": "text/plain", "sha256": sha256});
    let data = json!({"file": file, "request": {"a": 1}, "data": Value::Null});
    assert_eq!((reply.status, reply.data), (200, data));
}
