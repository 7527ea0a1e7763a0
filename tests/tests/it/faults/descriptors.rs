//! What every process needs of its machine: descriptors, and a folder for what does not fit into memory.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;

use super::node::PASSWORD;
use crate::http::{Request, Response, call, call_as};
use crate::process::{Running, binary, command, soon};

/// A file of more than what is held in memory.
const FILE: usize = 200 * 1024;
const HEAD: &str = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
const UPLOAD: &str = "/v1/test/upload";

async fn upload(address: &str) -> Response {
    let body = format!("{HEAD}{}\r\n--b--\r\n", "x".repeat(FILE));
    let headers = vec![("Content-Type", "multipart/form-data; boundary=b")];
    Request { verb: "POST", path: UPLOAD, headers, body: &body }.send(address).await
}

async fn sign_in(address: &str) -> String {
    let credentials = json!([{"username": "root", "password": PASSWORD}]);
    let (status, answer) = call(address, "/v1/session/signin", credentials).await;
    assert_eq!(status, 200, "{answer}");
    answer["data"]["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn uploads_without_a_folder_for_them_are_refused_and_the_rest_goes_on() {
    let mut app = command("app-template", &["--port", "0"]);
    app.env("APP_ROOT_PASSWORD", PASSWORD).env("TMPDIR", "/nowhere");
    let (mut running, address) = Running::serve(&mut app).await;
    let refused = upload(&address).await;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.head.to_lowercase().contains("retry-after: 1"), "{}", refused.head);
    assert!(!refused.body.contains("nowhere"), "{}", refused.body);
    let told = running.event("call.unavailable").await;
    assert!(told["source"].as_str().unwrap().contains("No such file"), "{told}");
    assert_eq!(call(&address, "/v1/test/test", json!(["x"])).await.0, 200);
}

#[tokio::test]
async fn strangers_who_hold_all_descriptors_that_they_can_get_keep_nobody_else_out() {
    let mut app = tokio::process::Command::new("sh");
    let limited = format!("ulimit -n 400 && exec {} --port 0", binary("app-template").display());
    app.args(["-c", &limited]).env_clear().kill_on_drop(true).env("APP_ROOT_PASSWORD", PASSWORD);
    let (mut running, address) = Running::serve(&mut app).await;
    running.read_on();
    let token = sign_in(&address).await;
    // Uploads that never end, each of which has begun its file, and connections that say nothing.
    let mut held = Vec::new();
    for number in 0..500 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 9, 1, (number % 20) as u8], 0))).unwrap();
        let connecting = socket.connect(address.parse().unwrap());
        let Ok(Ok(mut stream)) = tokio::time::timeout(Duration::from_secs(5), connecting).await else { break };
        if number % 4 == 0 {
            let length = 10 * FILE;
            let head = format!(
                "POST {UPLOAD} HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n"
            );
            let _ = stream.write_all(format!("{head}{HEAD}{}", "x".repeat(FILE)).as_bytes()).await;
        }
        held.push(stream);
    }
    assert!(held.len() > 300, "{}", held.len());
    // While hundreds connect within a moment one may find no place: its client tries again.
    let entered = async {
        let ready = || Request { verb: "GET", path: "/readyz", headers: Vec::new(), body: "" };
        while !ready().try_send(&address).await.is_ok_and(|response| response.status == 200) {
            tokio::task::yield_now().await;
        }
    };
    soon("a place", entered).await;
    for _ in 0..5 {
        let ready = Request { verb: "GET", path: "/readyz", headers: Vec::new(), body: "" };
        assert_eq!(soon("an answer", ready.send(&address)).await.status, 200);
        assert_eq!(call_as(&address, &token, "/v1/profile/read", json!([])).await.0, 200);
    }
    drop(held);
    assert_eq!(upload(&address).await.status, 200);
}
