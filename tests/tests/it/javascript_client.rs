//! What the JavaScript clients that exist for this family of APIs send, byte for byte, and what they make of the answers: from
//! signing in to signing out.

use data_encoding::BASE64;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::http::{Request, Response};
use crate::process::{Running, command, soon};

const PASSWORD: &str = "correct horse battery";
const JSON: &str = "application/json";

/// Starts the application; the address.
async fn application() -> (Running, String) {
    Running::serve(command("app-template", &["--port", "0"]).env("APP_ROOT_PASSWORD", PASSWORD)).await
}

/// The HTTP client: it posts an array to the method's path below `/api`.
struct OverHttp<'a> {
    address: &'a str,
    authorization: String,
}

impl OverHttp<'_> {
    async fn post(&self, path: &str, content_type: &str, body: &str) -> Response {
        let mut headers = vec![("Content-Type", content_type)];
        if !self.authorization.is_empty() {
            headers.push(("Authorization", &self.authorization));
        }
        Request { verb: "POST", path, headers, body }.send(self.address).await
    }

    /// What the client makes of an answer: the result, or the error with the status that it throws.
    async fn call(&self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        let response = self.post(&format!("/api{method}"), JSON, &params.to_string()).await;
        assert!(response.head.to_ascii_lowercase().contains("\r\ncontent-type: application/json\r\n"));
        result(serde_json::from_str(&response.body).unwrap())
    }
}

/// Takes an answer apart as the client does: it reads `meta` of results and errors alike, and takes an error without it for a
/// fault of the server.
fn result(mut answer: Value) -> Result<Value, (i64, String)> {
    assert_eq!(answer["jsonrpc"], "2.0", "{answer}");
    if answer.get("result").is_some() {
        let result = answer["result"].take();
        assert!(result["status"].is_number() && result["meta"].is_object(), "{result}");
        return Ok(result);
    }
    let error = &answer["error"];
    assert!(error["data"]["meta"].is_object() && error["data"]["status"].is_number(), "{error}");
    Err((error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned()))
}

/// The WebSocket client. A browser sets no headers: the token is a subprotocol.
struct OverWebSocket {
    stream: WebSocketStream<TcpStream>,
    next: u64,
}

impl OverWebSocket {
    async fn connect(address: &str, token: &str) -> Self {
        let mut request = format!("ws://{address}/api").into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", format!("jsonrpc_2.0, {token}").parse().unwrap());
        request.headers_mut().insert("Origin", format!("http://{address}").parse().unwrap());
        let stream = TcpStream::connect(address).await.unwrap();
        let (stream, response) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        assert_eq!(response.headers()["Sec-WebSocket-Protocol"], "jsonrpc_2.0");
        Self { stream, next: 0 }
    }

    async fn send(&mut self, message: Value) {
        self.stream.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn message(&mut self) -> Message {
        loop {
            let message = soon("a message", self.stream.next()).await.unwrap().unwrap();
            if !matches!(message, Message::Ping(_) | Message::Pong(_)) {
                return message;
            }
        }
    }

    async fn json(&mut self) -> Value {
        match self.message().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Sends a request, and reads its answer, which comes next.
    async fn request(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        let answer = self.json().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    async fn call(&mut self, method: &str, params: Value) -> Result<Value, (i64, String)> {
        result(self.request(method, params).await)
    }

    async fn close_code(&mut self) -> u16 {
        match self.message().await {
            Message::Close(Some(frame)) => frame.code.into(),
            other => panic!("{other:?}"),
        }
    }
}

/// Signs root in; the token.
async fn sign_in(address: &str) -> String {
    let guest = OverHttp { address, authorization: String::new() };
    let credentials = json!([{"username": "root", "password": PASSWORD}, null]);
    let signed_in = guest.call("/v1/session/signin", credentials).await.unwrap();
    assert_eq!(signed_in["data"]["auth"]["permissions"], json!({"admin": true}));
    signed_in["data"]["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn over_http_it_signs_in_manages_users_and_tokens_uploads_and_signs_out() {
    let (_running, address) = application().await;
    let token = sign_in(&address).await;
    let root = OverHttp { address: &address, authorization: format!("Bearer {token}") };
    assert!(root.call("/v1/session/signin", json!([])).await.unwrap()["data"].get("token").is_none());

    let ann = json!([{"username": "ann-lee", "password": "staple the horse", "permissions": {"admin": true}}]);
    assert_eq!(root.call("/v1/admin/users/create", ann.clone()).await.unwrap()["data"]["id"], "2");
    assert_eq!(root.call("/v1/admin/users/create", ann).await.unwrap_err(), (409, "User name is taken".to_owned()));
    let users = root.call("/v1/admin/users/read", json!([{"order_by": [["id", "desc"]]}])).await.unwrap();
    assert_eq!(
        (&users["total"], &users["meta"]["total"], &users["data"][0]["name"]),
        (&json!(2), &json!(2), &json!("ann-lee"))
    );
    root.call("/v1/admin/users/set-enabled", json!(["2", false])).await.unwrap();
    root.call("/v1/admin/users/delete", json!(["2"])).await.unwrap();
    assert_eq!(root.call("/v1/admin/users/delete", json!(["2"])).await.unwrap_err().0, 404);

    let made = root.call("/v1/api-tokens/create", json!(["ci"])).await.unwrap();
    root.call("/v1/api-tokens/set-permissions", json!([made["data"]["id"], {"admin": true}])).await.unwrap();
    let api_token = made["data"]["token"].as_str().unwrap();
    for authorization in [
        format!("Bearer {api_token}"),
        format!("Basic {api_token}"),
        format!("Basic {}", BASE64.encode(format!("{api_token}:").as_bytes())),
        format!("basic {}", BASE64.encode(format!(":{api_token}").as_bytes())),
        api_token.to_owned(),
    ] {
        let machine = OverHttp { address: &address, authorization };
        // A token is never root, whom only root sees.
        assert_eq!(machine.call("/v1/admin/users/read", json!([])).await.unwrap()["meta"]["total"], 0);
        assert_eq!(machine.call("/v1/profile/read", json!([])).await.unwrap()["data"]["name"], "root");
        assert_eq!(machine.call("/v1/profile/set-email", json!([])).await.unwrap_err().0, 403);
    }

    upload(&root).await;
    root.call("/v1/session/signout", json!([])).await.unwrap();
    let error = root.call("/v1/profile/read", json!([])).await.unwrap_err();
    assert_eq!(error, (401, "Not authenticated".to_owned()));
}

/// `FormData` with the parameters in a part `data` without a filename, and a `Blob` with one.
async fn upload(client: &OverHttp<'_>) {
    let body = "------WebKitFormBoundary7MA4YWxk\r\n\
        Content-Disposition: form-data; name=\"data\"\r\n\r\n[{\"title\":\"x\"},null]\r\n\
        ------WebKitFormBoundary7MA4YWxk\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"blob\"\r\n\
        Content-Type: text/plain\r\n\r\nabc\r\n\
        ------WebKitFormBoundary7MA4YWxk--\r\n";
    let content_type = "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxk";
    let response = client.post("/api/v1/test/upload", content_type, body).await;
    let uploaded = result(serde_json::from_str(&response.body).unwrap()).unwrap();
    let file = &uploaded["data"]["file"];
    assert_eq!((&file["name"], &file["size"], &file["type"]), (&json!("blob"), &json!(3), &json!("text/plain")));
    assert_eq!(uploaded["data"]["request"], json!({"title": "x"}));
}

#[tokio::test]
async fn over_http_it_sends_json_rpc_objects_batches_and_the_methods_of_the_protocol() {
    let (_running, address) = application().await;
    let client = OverHttp { address: &address, authorization: format!("Bearer {}", sign_in(&address).await) };
    let by_name = r#"{"jsonrpc":"2.0","id":0,"method":"/v1/test/test","params":{"args":"x"}}"#;
    let only = r#"{"jsonrpc":"2.0","id":"","method":"/v1/test/test","params":"x"}"#;
    for (request, id) in [(by_name, json!(0)), (only, json!(""))] {
        for path in ["/api", "/api/", "/api/v1/anything"] {
            let answer: Value = serde_json::from_str(&client.post(path, JSON, request).await.body).unwrap();
            assert_eq!((&answer["id"], &answer["result"]["data"]), (&id, &json!("x")), "{path} {request}");
        }
    }
    let batch = format!(r#"[{by_name},{{"jsonrpc":"2.0","method":"/v1/test/test"}},{only}]"#);
    let answers: Value = serde_json::from_str(&client.post("/api", JSON, &batch).await.body).unwrap();
    let ids: Vec<&Value> = answers.as_array().unwrap().iter().map(|answer| &answer["id"]).collect();
    assert_eq!(ids, [&json!(0), &json!("")]);
    for method in ["/api/ping", "/api/healthcheck"] {
        for verb in ["GET", "POST"] {
            let response = Request { verb, path: method, headers: Vec::new(), body: "" }.send(&address).await;
            assert_eq!(
                (response.status, result(serde_json::from_str(&response.body).unwrap()).unwrap()["status"].clone()),
                (200, json!(200))
            );
        }
    }
}

#[tokio::test]
async fn over_websocket_it_calls_hears_events_and_signs_out() {
    let (_running, address) = application().await;
    let token = sign_in(&address).await;
    let mut client = OverWebSocket::connect(&address, &token).await;
    assert_eq!(client.request("/ping", json!([])).await, json!({"jsonrpc": "2.0", "id": 1, "method": "/pong"}));
    assert_eq!(client.call("/healthcheck", json!([])).await.unwrap()["status"], 200);
    for params in [json!(["x"]), json!({"args": "x"}), json!("x")] {
        assert_eq!(client.call("/v1/test/test", params).await.unwrap()["data"], "x");
    }
    assert_eq!(client.call("/v1/test/test", Value::Null).await.unwrap()["data"], Value::Null);
    assert_eq!(client.call("/v1/no/method", json!([])).await.unwrap_err().0, -32601);
    assert_eq!(client.call("/v1/admin/users/delete", json!(["1"])).await.unwrap_err().0, 400);

    client.send(json!({"jsonrpc": "2.0", "method": "/subscribe", "params": [["/settings/updated"]]})).await;
    for method in ["/publish", "/event"] {
        client
            .send(json!({"jsonrpc": "2.0", "method": "/v1/admin/settings/update", "params": [{"smtp_port": 25}]}))
            .await;
        let event = client.json().await;
        assert_eq!(
            (&event["method"], &event["params"][0], &event["params"][1]["smtp_port"]),
            (&json!(method), &json!("/settings/updated"), &json!(25))
        );
        client.send(json!({"jsonrpc": "2.0", "method": "/unsubscribe", "params": [["/settings/updated"]]})).await;
    }

    assert_eq!(client.call("/v1/session/signout", json!([])).await.unwrap()["status"], 200);
    assert_eq!(client.close_code().await, 4000);
    // It connects anew with the token that it still has, and learns why it may not.
    assert_eq!(OverWebSocket::connect(&address, &token).await.close_code().await, 4401);
}

/// What a client that speaks MessagePack sends: an array with a hole, which is an extension of type 0.
#[tokio::test]
async fn over_websocket_it_speaks_message_pack_with_undefined_in_it() {
    let (_running, address) = application().await;
    let mut client = OverWebSocket::connect(&address, &sign_in(&address).await).await;
    let mut frame =
        b"\x84\xa7jsonrpc\xa32.0\xa2id\x07\xa6method\xaf/v1/test/upload\xa6params\x92\xd4\x00\x00\x81\xa1a".to_vec();
    frame.extend(b"\xc0");
    client.stream.send(Message::binary(frame)).await.unwrap();
    let Message::Binary(answer) = client.message().await else { panic!("no binary frame") };
    let has = |part: &[u8]| answer.windows(part.len()).any(|window| window == part);
    assert!(has(b"\xa2id\x07") && has(b"\xa6status\xcc\xc8"), "{answer:?}");
    assert!(has(b"\xa7request\xc0\xa4data\x81\xa1a\xc0"), "{answer:?}");
}
