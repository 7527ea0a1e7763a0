//! Documents as deep as limits may allow, on less stack than a thread of Tokio has: all that is recursive holds them.

use std::thread;

use futures_util::{SinkExt, StreamExt};
use rpc_core::http::HttpService;
use rpc_core::schemars::JsonSchema;
use rpc_core::serde::{Deserialize, Serialize};
use rpc_core::{Api, ApiError, Codec, DocumentLimits, Fault, Limits, api_method, api_module};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::server::Running;

/// The greatest value of the limit.
const MAX_DEPTH: usize = 192;
/// Three quarters of what Tokio gives its threads: types of users may take more than those here.
const STACK: usize = 3 * 512 * 1024;

api_module! {
    /// Depth
    path = "/v9/depth"
}

/// A tree of one's own
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(crate = "rpc_core::serde", deny_unknown_fields)]
#[schemars(crate = "rpc_core::schemars")]
struct Branch {
    name: Option<String>,
    #[serde(default)]
    below: Vec<Branch>,
}

/// One of several trees of one's own
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(crate = "rpc_core::serde", untagged)]
#[schemars(crate = "rpc_core::schemars")]
enum Either {
    Leaf(u32),
    Items(Vec<Either>),
}

/// Answers its argument
#[api_method(path = "/v9/depth/echo", permissions = ["*"])]
async fn echo(value: Value) -> Result<Value, ApiError> {
    Ok(value)
}

/// Answers its argument
#[api_method(path = "/v9/depth/branch", permissions = ["*"])]
async fn branch(value: Branch) -> Result<Branch, ApiError> {
    Ok(value)
}

/// Answers its argument
#[api_method(path = "/v9/depth/either", permissions = ["*"])]
async fn either(value: Either) -> Result<Either, ApiError> {
    Ok(value)
}

/// Arrays in each other, as many as levels.
fn arrays(levels: usize) -> Value {
    (0..levels).fold(json!(1), |below, _| json!([below]))
}

/// Objects in arrays in objects, as many as levels.
fn branches(levels: usize) -> Value {
    (0..levels / 2).fold(json!({"name": null}), |below, _| json!({"below": [below]}))
}

/// The same with the fault at the deepest place.
fn bad_branches(levels: usize) -> Value {
    (0..levels / 2).fold(json!({"name": 1}), |below, _| json!({"below": [below]}))
}

/// Runs a test on a thread with a stack as Tokio's are, and a runtime whose threads are its own.
fn on_small_stacks<F: Future<Output = ()> + 'static>(test: fn() -> F) {
    let run = move || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(2).thread_stack_size(STACK).enable_all().build().unwrap().block_on(test());
    };
    thread::Builder::new().stack_size(STACK).spawn(run).unwrap().join().unwrap();
}

async fn start() -> Running {
    let mut limits = Limits::default();
    limits.max_depth = MAX_DEPTH;
    Running::serve(Api::builder().only("/v9/depth/**").limits(limits), |service: HttpService| service).await
}

fn decode(codec: Codec, bytes: &[u8]) -> Value {
    codec.decode(bytes, DocumentLimits::NONE).unwrap()
}

fn request(method: &str, value: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": [value]})
}

async fn post(server: &Running, target: &str, codec: Codec, body: &[u8]) -> (u16, Value) {
    let (kind, length) = (codec.content_type(), body.len());
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n"
    );
    let answer = server.raw(&[head.as_bytes(), body].concat()).await;
    (answer.status, decode(codec, &answer.body))
}

/// Asks over a WebSocket.
async fn ask(server: &Running, codec: Codec, document: Vec<u8>) -> Value {
    let url = format!("ws://{}/api", server.address);
    let (mut socket, _) = tokio_tungstenite::client_async(url, server.connect().await).await.unwrap();
    let message = match codec {
        Codec::Json => Message::text(String::from_utf8(document).unwrap()),
        _ => Message::binary(document),
    };
    socket.send(message).await.unwrap();
    decode(codec, &socket.next().await.unwrap().unwrap().into_data())
}

#[test]
fn documents_of_the_greatest_depth_are_read_checked_and_answered() {
    on_small_stacks(|| async {
        let server = start().await;
        for codec in [Codec::Json, Codec::MsgPack] {
            // The array of parameters is a level, and the request around it another one.
            for (method, value) in [
                ("echo", arrays(MAX_DEPTH - 2)),
                ("branch", branches(MAX_DEPTH - 3)),
                ("either", arrays(MAX_DEPTH - 2)),
            ] {
                let path = format!("/v9/depth/{method}");
                let body = codec.encode(&json!([value])).unwrap();
                for target in [path.clone(), format!("/api{path}")] {
                    let (status, answer) = post(&server, &target, codec, &body).await;
                    assert_eq!((status, answer["error"].is_null()), (200, true), "{codec:?} {target}");
                }
                let document = codec.encode(&request(&path, &value)).unwrap();
                let (status, answer) = post(&server, "/api", codec, &document).await;
                assert_eq!((status, &answer["result"]["status"]), (200, &json!(200)), "{codec:?} {method}");
                let answer = ask(&server, codec, document).await;
                assert_eq!(answer["result"]["status"], 200, "{codec:?} {method}");
            }
            let body = codec.encode(&json!([bad_branches(MAX_DEPTH - 3)])).unwrap();
            let (status, answer) = post(&server, "/v9/depth/branch", codec, &body).await;
            assert_eq!(status, 400, "{codec:?}: {answer}");
        }
    });
}

#[test]
fn deeper_documents_are_refused_however_deep_they_are() {
    on_small_stacks(|| async {
        let server = start().await;
        for (codec, open) in [(Codec::Json, &b"["[..]), (Codec::MsgPack, b"\x91"), (Codec::Json, b"{\"below\":[")] {
            for levels in [MAX_DEPTH + 1, 3000, 500_000 / open.len()] {
                for target in ["/v9/depth/echo", "/v9/depth/branch", "/api", "/api/v9/depth/either"] {
                    let (status, answer) = post(&server, target, codec, &open.repeat(levels)).await;
                    assert_eq!(status, 400, "{codec:?} {target} {levels}: {answer}");
                }
                let answer = ask(&server, codec, open.repeat(levels)).await;
                assert_eq!(answer["error"]["code"], -32700, "{codec:?} {levels}: {answer}");
            }
        }
    });
}

#[test]
fn a_greater_depth_does_not_build() {
    let mut limits = Limits::default();
    limits.max_depth = MAX_DEPTH + 1;
    let error = Api::builder().only("/v9/depth/**").limits(limits).build().unwrap_err();
    let [Fault::LimitOutOfRange { name: "max_depth", method: None, value, max, .. }] = error.faults() else {
        panic!("{error}")
    };
    assert_eq!((value.as_str(), max.as_str()), ("193", "192"));
}
