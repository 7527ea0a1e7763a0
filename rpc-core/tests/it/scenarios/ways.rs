//! The ways in: each sends a call as a stranger would, byte by byte where it can, and reads the answer into one form.

use futures_util::{SinkExt, StreamExt};
use rpc_core::{Codec, DocumentLimits, TestClient};
use serde_json::{Map, Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::support::server::Running;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    InProcess,
    HttpJson,
    HttpMsgPack,
    RpcJson,
    RpcMsgPack,
    WsJson,
    WsMsgPack,
}

impl Way {
    pub(super) const ALL: &[Self] = &[
        Self::InProcess,
        Self::HttpJson,
        Self::HttpMsgPack,
        Self::RpcJson,
        Self::RpcMsgPack,
        Self::WsJson,
        Self::WsMsgPack,
    ];
    /// Those that know parameters by name.
    pub(super) const JSON_RPC: &[Self] = &[Self::RpcJson, Self::RpcMsgPack, Self::WsJson, Self::WsMsgPack];
    /// Those for which an object is the only parameter.
    pub(super) const PLAIN: &[Self] = &[Self::InProcess, Self::HttpJson, Self::HttpMsgPack];
    /// Those that a stranger has.
    pub(super) const OUTSIDE: &[Self] =
        &[Self::HttpJson, Self::HttpMsgPack, Self::RpcJson, Self::RpcMsgPack, Self::WsJson, Self::WsMsgPack];
    pub(super) const WEBSOCKET: &[Self] = &[Self::WsJson, Self::WsMsgPack];
    pub(super) const NOT_WEBSOCKET: &[Self] =
        &[Self::InProcess, Self::HttpJson, Self::HttpMsgPack, Self::RpcJson, Self::RpcMsgPack];

    fn codec(self) -> Codec {
        match self {
            Self::InProcess | Self::HttpJson | Self::RpcJson | Self::WsJson => Codec::Json,
            Self::HttpMsgPack | Self::RpcMsgPack | Self::WsMsgPack => Codec::MsgPack,
        }
    }

    pub(super) async fn ask(self, server: &Running, token: Option<&str>, method: &str, params: &Value) -> Ended {
        match self {
            Self::InProcess => in_process(server, token, method, params).await,
            Self::HttpJson | Self::HttpMsgPack => http(server, self.codec(), token, method, params).await,
            Self::RpcJson | Self::RpcMsgPack => json_rpc(server, self.codec(), token, method, params).await,
            Self::WsJson | Self::WsMsgPack => websocket(server, self.codec(), token, method, params).await,
        }
    }
}

/// How a call ended.
#[derive(Debug, PartialEq)]
pub(super) enum Ended {
    Answered(Box<Answer>),
    /// The WebSocket was closed.
    Closed(u16),
}

impl Ended {
    pub(super) fn violations(&self) -> &[Value] {
        match self {
            Self::Answered(answer) => &answer.violations,
            Self::Closed(_) => &[],
        }
    }
}

/// An answer of any envelope.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Answer {
    pub(super) status: u64,
    pub(super) code: Option<i64>,
    pub(super) reason: String,
    pub(super) data: Value,
    pub(super) extra: Map<String, Value>,
    pub(super) violations: Vec<Value>,
    /// Whether it names the id under which the log tells more.
    pub(super) names_request: bool,
    /// In seconds; calls from inside are not told.
    pub(super) retry_after: Option<u64>,
}

async fn in_process(server: &Running, token: Option<&str>, method: &str, params: &Value) -> Ended {
    let client = TestClient::new(server.api.clone());
    let client = token.map_or(client.clone(), |token| client.token(token));
    let reply = client.call(method, params.clone()).await;
    Ended::Answered(Box::new(Answer {
        status: reply.status.into(),
        code: reply.code.map(i64::from),
        reason: reply.reason,
        data: reply.data,
        extra: reply.extra,
        violations: reply.details.errors.iter().map(|violation| serde_json::to_value(violation).unwrap()).collect(),
        names_request: reply.details.request_id.is_some(),
        retry_after: None,
    }))
}

/// POSTs a document; the response's status, `Retry-After`, and document.
async fn post(
    server: &Running,
    codec: Codec,
    token: Option<&str>,
    target: &str,
    document: &Value,
) -> (u64, Option<u64>, Value) {
    let body = codec.encode(document).unwrap();
    let authorization = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {}\r\ncontent-length: {}\r\n{authorization}\r\n",
        codec.content_type(),
        body.len()
    );
    let answer = server.raw(&[head.as_bytes(), &body].concat()).await;
    assert_eq!(answer.header("content-type"), Some(codec.content_type()));
    let retry_after = answer.header("retry-after").map(|seconds| seconds.parse().unwrap());
    (answer.status.into(), retry_after, codec.decode(&answer.body, DocumentLimits::NONE).unwrap())
}

async fn http(server: &Running, codec: Codec, token: Option<&str>, method: &str, params: &Value) -> Ended {
    let (status, retry_after, envelope) = post(server, codec, token, method, params).await;
    let answer = plain(envelope, retry_after);
    assert_eq!(answer.status, status, "the response has the status of its answer");
    Ended::Answered(Box::new(answer))
}

/// Reads the plain envelope.
fn plain(mut envelope: Value, retry_after: Option<u64>) -> Answer {
    let members = envelope.as_object_mut().unwrap();
    let mut take = |name: &str| members.shift_remove(name).unwrap_or_default();
    let (status, reason, code, data) = (take("status"), take("reason"), take("code"), take("data"));
    let mut answer = Answer {
        status: status.as_u64().unwrap(),
        code: code.as_i64(),
        reason: reason.as_str().unwrap().to_owned(),
        extra: std::mem::take(members),
        retry_after,
        ..Answer::default()
    };
    if answer.code.is_some() {
        answer.violations = violations(&data);
        answer.names_request = data["request_id"].is_string();
    } else {
        answer.data = data;
    }
    answer
}

fn violations(data: &Value) -> Vec<Value> {
    data["errors"].as_array().cloned().unwrap_or_default()
}

async fn json_rpc(server: &Running, codec: Codec, token: Option<&str>, method: &str, params: &Value) -> Ended {
    let request = json!({"jsonrpc": "2.0", "id": "one", "method": method, "params": params});
    let (status, retry_after, response) = post(server, codec, token, "/api", &request).await;
    let answer = envelope(&response, &json!("one"));
    assert_eq!((answer.status, answer.retry_after), (status, retry_after), "the response has what its answer says");
    Ended::Answered(Box::new(answer))
}

/// Reads a JSON-RPC response object.
fn envelope(response: &Value, id: &Value) -> Answer {
    assert_eq!((&response["jsonrpc"], &response["id"]), (&json!("2.0"), id), "{response}");
    let (result, error) = (&response["result"], &response["error"]);
    if error.is_null() {
        assert_eq!((&result["exception"], &result["status_text"]), (&json!(false), &result["reason"]));
        let extra = result["meta"].as_object().unwrap();
        assert!(
            extra.iter().all(|(name, value)| &result[name] == value),
            "extras stand beside the data, too: {result}"
        );
        return Answer {
            status: result["status"].as_u64().unwrap(),
            reason: result["reason"].as_str().unwrap().to_owned(),
            data: result["data"].clone(),
            extra: extra.clone(),
            ..Answer::default()
        };
    }
    let data = &error["data"];
    assert!(data["meta"].is_object(), "{error}");
    Answer {
        status: data["status"].as_u64().unwrap(),
        code: error["code"].as_i64(),
        reason: error["message"].as_str().unwrap().to_owned(),
        violations: violations(data),
        names_request: data["request_id"].is_string(),
        retry_after: data["retry_after"].as_u64(),
        ..Answer::default()
    }
}

async fn websocket(server: &Running, codec: Codec, token: Option<&str>, method: &str, params: &Value) -> Ended {
    let mut request = format!("ws://{}/api", server.address).into_client_request().unwrap();
    if let Some(token) = token {
        let offer = format!("jsonrpc_2.0, {token}");
        request.headers_mut().insert("sec-websocket-protocol", offer.parse().unwrap());
    }
    let mut stream = match tokio_tungstenite::client_async(request, server.connect().await).await {
        Ok((stream, _)) => stream,
        Err(Error::Http(response)) => {
            let body = serde_json::from_slice(response.body().as_deref().unwrap()).unwrap();
            let answer = envelope(&body, &json!(null));
            assert_eq!(u64::from(response.status().as_u16()), answer.status, "{body}");
            return Ended::Answered(Box::new(answer));
        }
        Err(error) => panic!("{error}"),
    };
    let request = json!({"jsonrpc": "2.0", "id": "one", "method": method, "params": params});
    let bytes = codec.encode(&request).unwrap();
    let message = match codec {
        Codec::Json => Message::text(String::from_utf8(bytes).unwrap()),
        _ => Message::binary(bytes),
    };
    stream.send(message).await.unwrap();
    let response = match stream.next().await.unwrap().unwrap() {
        Message::Text(text) if codec == Codec::Json => codec.decode(text.as_bytes(), DocumentLimits::NONE).unwrap(),
        Message::Binary(bytes) if codec == Codec::MsgPack => codec.decode(&bytes, DocumentLimits::NONE).unwrap(),
        Message::Close(frame) => return Ended::Closed(frame.unwrap().code.into()),
        other => panic!("{other:?}"),
    };
    Ended::Answered(Box::new(envelope(&response, &json!("one"))))
}
