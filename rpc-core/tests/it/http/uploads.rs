//! Uploads over HTTP: parts in any order and form, limits, and what is left of them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::{start, with_limits};
use crate::support::server::{Answer, Running};

const FILE: &str =
    "content-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\ncontent-type: text/plain\r\n\r\nhello";
const PARAMS: &str = "content-disposition: form-data; name=\"params\"\r\ncontent-type: application/json\r\n\r\n[\"x\"]";

fn multipart(parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--cut\r\n{part}\r\n")).collect();
    format!("{parts}--cut--\r\n")
}

async fn send(server: &Running, target: &str, headers: &[&str], body: &str) -> Answer {
    let headers = [&["content-type: multipart/form-data; boundary=cut"], headers].concat();
    server.send("POST", target, &headers, body).await
}

async fn upload(server: &Running, parts: &[&str]) -> Answer {
    send(server, "/v9/http/upload", &[], &multipart(parts)).await
}

/// Name, type, size and content of the file, and the parameter.
fn received(name: &str, kind: &str, content: &str, param: &Value) -> Value {
    json!([[name, kind, content.len(), content], param])
}

#[test_waits::test]
async fn headers_of_a_part_that_do_not_end_are_not_gathered() {
    let server = start().await;
    for begin in ["", "--cut\r\ncontent-disposition: form-data; name=\"file\"; filename=\""] {
        let answer = send(&server, "/v9/http/upload", &[], &format!("{begin}{}", "x".repeat(1_500_000))).await;
        assert_eq!(answer.error().0, 411, "{begin}");
    }
}

#[test_waits::test]
async fn a_file_comes_with_parameters_before_or_after_it() {
    let server = start().await;
    let expected = received("a.txt", "text/plain", "hello", &json!("x"));
    for parts in [[FILE, PARAMS], [PARAMS, FILE]] {
        let answer = upload(&server, &parts).await;
        assert_eq!((answer.status, &answer.json()["data"]), (200, &expected), "{}", answer.text());
    }
    let older = PARAMS.replace("params", "data").replace("content-type: application/json\r\n", "");
    assert_eq!(upload(&server, &[&older, FILE]).await.json()["data"], expected);
    let turned =
        "content-type: text/plain\r\nContent-Disposition: form-data; filename=\"a.txt\"; name=\"file\"\r\n\r\nhello";
    assert_eq!(upload(&server, &[turned, PARAMS]).await.json()["data"], expected);
    let bare = "content-disposition: form-data; name=\"file\"; filename=\"b\"\r\n\r\n";
    let expected = received("b", "application/octet-stream", "", &json!(null));
    assert_eq!(upload(&server, &[bare]).await.json()["data"], expected);
    let other = "content-disposition: form-data; name=\"other\"\r\n\r\nignored";
    assert_eq!(upload(&server, &[other, bare]).await.json()["data"], expected);
}

#[test_waits::test]
async fn the_rpc_face_takes_uploads_at_a_methods_path() {
    let server = start().await;
    let answer = send(&server, "/api/v9/http/upload", &[], &multipart(&[FILE, PARAMS])).await.json();
    assert_eq!(answer["result"]["data"], received("a.txt", "text/plain", "hello", &json!("x")));
    let answer = send(&server, "/api", &[], &multipart(&[FILE])).await;
    assert_eq!((answer.status, answer.json()["error"]["code"].as_i64()), (415, Some(-32803)));
}

#[test_waits::test]
async fn the_answer_has_the_codec_of_the_parameters() {
    let server = start().await;
    let params = PARAMS.replace("application/json", "application/msgpack").replace("[\"x\"]", "\u{11}");
    let answer = upload(&server, &[&params, FILE]).await;
    assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/msgpack")));
}

#[test_waits::test]
async fn large_files_go_through_a_temporary_file() {
    let server = start().await;
    let content = "0123456789abcdef".repeat(20_000);
    let file = FILE.replace("hello", &content);
    let answer = upload(&server, &[&file, PARAMS]).await;
    assert_eq!(answer.json()["data"], received("a.txt", "text/plain", &content, &json!("x")));
}

#[test_waits::test]
async fn faulty_uploads_are_told_apart() {
    let server = start().await;
    let bad_params = PARAMS.replace("[\"x\"]", "[");
    let text_params = PARAMS.replace("application/json", "text/plain");
    let wrong_params = PARAMS.replace("[\"x\"]", "[7]");
    for (parts, status, code) in [
        (vec![PARAMS], 400, -32905),
        (vec![], 400, -32905),
        (vec![FILE, FILE], 400, -32600),
        (vec![FILE, PARAMS, PARAMS], 400, -32600),
        (vec![FILE, &bad_params], 400, -32700),
        (vec![FILE, &text_params], 415, -32803),
        (vec![FILE, &wrong_params], 400, -32602),
        (vec!["no headers"], 411, -32901),
    ] {
        let answer = upload(&server, &parts).await;
        assert_eq!(answer.error(), (status, code), "{parts:?}");
    }
    let target = "/v9/http/upload";
    let answer = server.send("POST", target, &["content-type: multipart/form-data"], &multipart(&[FILE])).await;
    assert_eq!(answer.error(), (411, -32901));
    assert_eq!(send(&server, "/v9/http/echo", &[], &multipart(&[FILE])).await.error(), (400, -32903));
    assert_eq!(send(&server, "/v9/http/nothing", &[], &multipart(&[FILE])).await.error(), (404, -32601));
    let chunked = "POST /v9/http/upload HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\
        content-type: multipart/form-data; boundary=cut\r\n\r\n0\r\n\r\n";
    assert_eq!(server.raw(chunked.as_bytes()).await.error(), (411, -32901));
}

#[test_waits::test]
async fn permission_and_length_are_checked_before_the_body_is_read() {
    let server = start().await;
    let head = |target: &str, length: u64| {
        format!(
            "POST {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\n\
             content-type: multipart/form-data; boundary=cut\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let answer = server.raw(head("/v9/http/admin-upload", 1000).as_bytes()).await;
    assert_eq!(answer.error(), (401, 401));
    let answer = server.raw(head("/v9/http/upload", 9_000_000_000).as_bytes()).await;
    assert_eq!(answer.error(), (413, -32902));
    assert_eq!(server.memory.take().iter().map(|seen| seen.status).collect::<Vec<_>>(), [401, 413]);
}

#[test_waits::test]
async fn a_file_over_its_limit_is_413_and_names_it() {
    let server = start().await;
    let fits = FILE.replace("hello", &"x".repeat(1_000_000));
    assert_eq!(upload(&server, &[&fits]).await.status, 200);
    let over = FILE.replace("hello", &"x".repeat(1_000_001));
    let answer = upload(&server, &[&over]).await;
    assert_eq!(answer.error(), (413, -32902));
    assert!(answer.text().contains("1000000 bytes (`upload`)"), "{}", answer.text());
    let server = with_limits(|limits| limits.max_body = 100).await;
    let params = PARAMS.replace("[\"x\"]", &format!("[\"{}\"]", "x".repeat(100)));
    assert!(upload(&server, &[FILE, &params]).await.text().contains("`params` is 100 bytes (`max_body`)"));
}

#[test_waits::test]
async fn a_body_cut_at_any_byte_ends_in_an_error() {
    let server = start().await;
    let body = multipart(&[FILE, PARAMS]);
    let end = body.rfind("--cut--").unwrap() + "--cut--".len();
    for cut in 0..end {
        let answer = send(&server, "/v9/http/upload", &[], &body[..cut]).await;
        let (status, code) = answer.error();
        assert!((status, code) == (411, -32901) || (status, code) == (400, -32905), "{cut}: {answer:?}");
    }
    assert_eq!(send(&server, "/v9/http/upload", &[], &body[..end]).await.status, 200);
    let mut stream = server.connect().await;
    let head = format!(
        "POST /v9/http/upload HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=cut\r\ncontent-length: {}\r\n\r\n{}",
        body.len(),
        &body[..end / 2]
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    drop(stream);
    assert_eq!(server.stop().await.cut, 0);
}

#[test_waits::test]
async fn an_upload_of_a_byte_at_a_time_is_closed_in_time() {
    let server = with_limits(|limits| limits.body_timeout = Duration::from_millis(300)).await;
    let mut stream = server.connect().await;
    let body = multipart(&[&FILE.replace("hello", &"x".repeat(10_000))]);
    let head = format!(
        "POST /v9/http/upload HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=cut\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let drip = async {
        for byte in body.as_bytes() {
            stream.write_all(&[*byte]).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        std::io::Result::Ok(())
    };
    let dripped = test_waits::soon("the end of the connection", drip).await;
    assert!(dripped.is_err(), "a byte at a time does not keep a connection");
    assert_eq!(server.stop().await.cut, 0);
}
