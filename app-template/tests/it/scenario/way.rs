//! The ways in.

use rpc_core::client::{Batch, ClientError, HttpClient, WsClient};
use rpc_core::{Codec, TestClient, TestReply, Violation};
use serde_json::{Map, Value, json};

use super::Ended;
use crate::world::{Plain, Served, World};

/// How calls come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    InProcess,
    PlainHttp,
    JsonRpc,
    /// As one entry of a batch, behind another.
    Batch,
    WebSocketJson,
    WebSocketMsgPack,
}

/// Somebody who comes in that way, and whose token is known already.
pub(super) enum Caller {
    InProcess(TestClient),
    Plain(Plain),
    JsonRpc(HttpClient),
    Batch(HttpClient),
    WebSocket(WsClient),
}

impl Way {
    pub(super) fn is_websocket(self) -> bool {
        matches!(self, Self::WebSocketJson | Self::WebSocketMsgPack)
    }

    pub(super) async fn open(self, world: &World, served: &Served, token: Option<&str>) -> Caller {
        let client = world.guest();
        let client = if let Some(token) = token { client.token(token) } else { client };
        world.ok(&client, "/v1/test/test", json!([])).await;
        match self {
            Self::InProcess => Caller::InProcess(client),
            Self::PlainHttp => Caller::Plain(served.plain(token)),
            Self::JsonRpc => Caller::JsonRpc(served.http(token)),
            Self::Batch => Caller::Batch(served.http(token)),
            Self::WebSocketJson => Caller::WebSocket(served.websocket(token).await),
            Self::WebSocketMsgPack => Caller::WebSocket(served.websocket_in(Codec::MsgPack, token).await),
        }
    }
}

impl Caller {
    pub(super) async fn call(&self, path: &str, params: &Value) -> Ended {
        let answer = match self {
            Self::InProcess(client) => return client.call(path, params.clone()).await.into(),
            Self::Plain(client) => return plain(client.call(path, params).await),
            Self::JsonRpc(client) => client.call::<Value>(path, params).await,
            Self::Batch(client) => {
                let mut batch = Batch::new();
                batch.call("/v1/test/test", ["first"]).unwrap().call(path, params).unwrap();
                let [first, answer] = client.batch(&batch).await.unwrap().try_into().unwrap();
                assert_eq!(first.unwrap().data, json!("first"));
                answer
            }
            Self::WebSocket(client) => client.call::<Value>(path, params).await,
        };
        match answer {
            Ok(answer) => Ended::new(answer.status, answer.reason, answer.data, &answer.extra, &[]),
            Err(ClientError::Api(failure)) => {
                Ended::new(failure.status, failure.reason, Value::Null, &Map::new(), &failure.errors)
            }
            Err(error) => panic!("{path}: {error}"),
        }
    }
}

impl From<TestReply> for Ended {
    fn from(reply: TestReply) -> Self {
        Self::new(reply.status, reply.reason, reply.data, &reply.extra, &reply.details.errors)
    }
}

/// Reads the plain envelope.
fn plain((status, mut envelope): (u16, Value)) -> Ended {
    assert_eq!(envelope["status"], status, "{envelope}");
    let is_error = envelope.get("code").is_some();
    let data = envelope["data"].take();
    let violation = |error: &Value| Violation {
        pointer: error["pointer"].as_str().unwrap().to_owned(),
        keyword: error["keyword"].as_str().unwrap().to_owned().into(),
        message: error["message"].as_str().unwrap().to_owned(),
    };
    let errors: Vec<_> = data["errors"].as_array().into_iter().flatten().map(violation).collect();
    let reason = envelope["reason"].as_str().unwrap().to_owned();
    let data = if is_error { Value::Null } else { data };
    Ended::new(status, reason, data, envelope.as_object().unwrap(), &errors)
}
