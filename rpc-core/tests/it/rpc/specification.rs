//! The examples of the JSON-RPC 2.0 specification (section 7), with the methods of this API.

use serde_json::{Value, json};

use super::start;

/// What of an answer the specification fixes: `result` is its data here, an error its code.
fn essence(answer: &Value) -> Value {
    match answer {
        Value::Array(answers) => answers.iter().map(essence).collect(),
        answer if answer.get("error").is_some() => json!({"error": answer["error"]["code"], "id": answer["id"]}),
        answer => json!({"result": answer["result"]["data"], "id": answer["id"]}),
    }
}

async fn exchange(request: &str) -> Option<Value> {
    let server = start().await;
    let answer = server.post("/api", request).await;
    if answer.body.is_empty() {
        assert_eq!(answer.status, 202);
        return None;
    }
    let answer = answer.json();
    for answer in answer.as_array().unwrap_or(&vec![answer.clone()]) {
        assert_eq!(answer["jsonrpc"], "2.0");
    }
    Some(essence(&answer))
}

#[test_waits::test]
async fn calls_with_positional_parameters() {
    let request = r#"{"jsonrpc": "2.0", "method": "/v9/rpc/subtract", "params": [42, 23], "id": 1}"#;
    assert_eq!(exchange(request).await, Some(json!({"result": 19, "id": 1})));
    let request = r#"{"jsonrpc": "2.0", "method": "/v9/rpc/subtract", "params": [23, 42], "id": 2}"#;
    assert_eq!(exchange(request).await, Some(json!({"result": -19, "id": 2})));
}

#[test_waits::test]
async fn calls_with_named_parameters() {
    let request =
        r#"{"jsonrpc": "2.0", "method": "/v9/rpc/subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#;
    assert_eq!(exchange(request).await, Some(json!({"result": 19, "id": 3})));
    let request =
        r#"{"jsonrpc": "2.0", "method": "/v9/rpc/subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#;
    assert_eq!(exchange(request).await, Some(json!({"result": 19, "id": 4})));
}

#[test_waits::test]
async fn notifications_are_not_answered() {
    assert_eq!(exchange(r#"{"jsonrpc": "2.0", "method": "/v9/rpc/echo", "params": [1]}"#).await, None);
    assert_eq!(exchange(r#"{"jsonrpc": "2.0", "method": "foobar"}"#).await, None);
}

#[test_waits::test]
async fn an_unknown_method() {
    let request = r#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#;
    assert_eq!(exchange(request).await, Some(json!({"error": -32601, "id": "1"})));
}

#[test_waits::test]
async fn invalid_json() {
    let request = r#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#;
    assert_eq!(exchange(request).await, Some(json!({"error": -32700, "id": null})));
    let batch = r#"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method""#;
    assert_eq!(exchange(batch).await, Some(json!({"error": -32700, "id": null})));
}

#[test_waits::test]
async fn invalid_requests() {
    let request = r#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#;
    assert_eq!(exchange(request).await, Some(json!({"error": -32600, "id": null})));
    assert_eq!(exchange("[]").await, Some(json!({"error": -32600, "id": null})));
    assert_eq!(exchange("[1]").await, Some(json!([{"error": -32600, "id": null}])));
    assert_eq!(exchange("[1,2,3]").await, Some(json!(vec![json!({"error": -32600, "id": null}); 3])));
}

#[test_waits::test]
async fn a_batch() {
    let batch = json!([
        {"jsonrpc": "2.0", "method": "/v9/rpc/subtract", "params": [9, 2], "id": "1"},
        {"jsonrpc": "2.0", "method": "/v9/rpc/echo", "params": [7]},
        {"jsonrpc": "2.0", "method": "/v9/rpc/subtract", "params": [42, 23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "/v9/rpc/list", "id": "9"}
    ]);
    let expected = json!([
        {"result": 7, "id": "1"},
        {"result": 19, "id": "2"},
        {"error": -32600, "id": null},
        {"error": -32601, "id": "5"},
        {"result": [1, 2], "id": "9"}
    ]);
    assert_eq!(exchange(&batch.to_string()).await, Some(expected));
}

#[test_waits::test]
async fn a_batch_of_notifications() {
    let batch = json!([
        {"jsonrpc": "2.0", "method": "/v9/rpc/echo", "params": [1, 2, 4]},
        {"jsonrpc": "2.0", "method": "/v9/rpc/echo", "params": [7]}
    ]);
    assert_eq!(exchange(&batch.to_string()).await, None);
}

/// A client compares an id with what it sent (section 5), in whatever form it wrote it.
#[test_waits::test]
async fn an_id_comes_back_byte_for_byte() {
    let server = start().await;
    for id in ["12345678901234567890123", "1E-400", "1e999", "-0", "1.50", r#""\u0061\/""#, r#""""#, "0", "null"] {
        for method in ["/v9/rpc/echo", "/v9/rpc/nothing", "/ping"] {
            let request = format!(r#"{{ "id" : {id} , "jsonrpc": "2.0", "method": "{method}", "params": [7] }}"#);
            let answer = server.post("/api", &request).await.text().to_owned();
            assert!(answer.starts_with(&format!(r#"{{"jsonrpc":"2.0","id":{id},"#)), "{request}: {answer}");
        }
    }
    for id in
        [&b"\xcd\x00\x05"[..], b"\xca\x3f\xc0\x00\x00", b"\xd9\x01a", b"\xc0", b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"]
    {
        let request = [b"\x83\xa7jsonrpc\xa32.0\xa6method\xac/v9/rpc/echo\xa2id", id].concat();
        let answer = server.send("POST", "/api", &["content-type: application/msgpack"], &request).await;
        assert!(answer.body.starts_with(&[b"\x83\xa7jsonrpc\xa32.0\xa2id", id].concat()), "{:02x?}", answer.body);
    }
    let undefined = b"\x83\xa7jsonrpc\xa32.0\xa6method\xac/v9/rpc/echo\xa2id\xd4\x00\x00";
    let answer = server.send("POST", "/api", &["content-type: application/msgpack"], undefined).await;
    assert_eq!((answer.status, answer.body.len()), (202, 0));
}

/// What is wrong with the parameters of one call is told in its turn, and of no other: the envelope alone is read before.
#[test_waits::test]
async fn parameters_that_do_not_decode_are_those_of_one_call() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for params in [r#"[{"a": 1, "a": 2}]"#, &deep, "[1e999]", r#"["\ud800"]"#] {
        let batch = format!(
            r#"[{{"jsonrpc":"2.0","method":"/v9/rpc/echo","params":{params},"id":1}},
                {{"jsonrpc":"2.0","method":"/v9/rpc/echo","params":[7],"id":2}},
                {{"jsonrpc":"2.0","method":"/v9/rpc/admin","params":{params},"id":3}}]"#
        );
        let expected = json!([{"error": -32700, "id": 1}, {"result": 7, "id": 2}, {"error": 401, "id": 3}]);
        assert_eq!(exchange(&batch).await, Some(expected), "{params}");
    }
}

/// An id is kept for as long as its call runs.
#[test_waits::test]
async fn an_id_has_at_most_1024_bytes() {
    for (length, expected) in [(1022, json!({"result": 7})), (1023, json!({"error": -32600}))] {
        let id = "x".repeat(length);
        let request = format!(r#"{{"jsonrpc":"2.0","method":"/v9/rpc/echo","params":[7],"id":"{id}"}}"#);
        let mut expected = expected;
        expected["id"] = if length == 1022 { json!(id) } else { json!(null) };
        assert_eq!(exchange(&request).await, Some(expected));
    }
}

#[test_waits::test]
async fn an_answer_that_repeats_a_key_is_none() {
    assert_eq!(exchange(r#"{"jsonrpc":"2.0","id":1,"result":1}"#).await, None);
    let repeated = r#"{"jsonrpc":"2.0","id":1,"result":1,"result":2}"#;
    assert_eq!(exchange(repeated).await, Some(json!({"error": -32700, "id": null})));
}
