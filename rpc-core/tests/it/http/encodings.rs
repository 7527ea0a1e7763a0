//! Bodies that are encoded: whole or not at all.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::start;
use crate::support::server::{Answer, Running};

fn gzip(plain: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Posts bytes with headers beside the length.
async fn post(server: &Running, target: &str, headers: &[&str], body: &[u8]) -> Answer {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    server.raw(&[head.as_bytes(), body].concat()).await
}

const JSON: &str = "content-type: application/json";
const GZIP: &str = "content-encoding: gzip";

#[test_waits::test]
async fn every_member_of_a_gzip_body_is_read() {
    let server = start().await;
    let members = [gzip(""), gzip("[\"a"), gzip(""), gzip("b\"]")].concat();
    for encoding in [GZIP, "content-encoding: GZip", "content-encoding: x-gzip"] {
        let answer = post(&server, "/v9/http/echo", &[JSON, encoding], &members).await;
        assert_eq!((answer.status, &answer.json()["data"]), (200, &json!("ab")), "{}", answer.text());
    }
    let request =
        [gzip("{\"jsonrpc\":\"2.0\",\"id\":1,"), gzip("\"method\":\"/v9/http/echo\",\"params\":[7]}")].concat();
    let answer = post(&server, "/api", &[JSON, GZIP], &request).await;
    assert_eq!(answer.json()["result"]["data"], json!(7), "{}", answer.text());
    assert_eq!(post(&server, "/v9/http/list", &[JSON, GZIP], b"").await.status, 200);
}

#[test_waits::test]
async fn nothing_runs_on_a_part_of_a_gzip_body() {
    let server = start().await;
    let whole = gzip("[\"a\"]");
    let nothing = gzip("");
    let cut = &whole[..whole.len() - 1];
    for body in [
        [&nothing[..], &whole, b"[\"b\"]"].concat(),
        [&nothing[..], b"garbage"].concat(),
        [&whole[..], b"\0"].concat(),
        [&whole[..], &[0; 512]].concat(),
        [&nothing[..], cut].concat(),
        cut.to_vec(),
        [&whole[..], &whole].concat(),
        whole[..5].to_vec(),
    ] {
        for target in ["/v9/http/echo", "/v9/http/list", "/api/v9/http/echo"] {
            let answer = post(&server, target, &[JSON, GZIP], &body).await;
            assert_eq!(answer.status, 400, "{target}: {}", answer.text());
        }
    }
    assert!(server.memory.take().iter().all(|seen| !seen.accepted));
}

#[test_waits::test]
async fn the_limit_of_a_body_holds_for_its_members_together() {
    let server = start().await;
    let half = " ".repeat(60);
    let body = [gzip(&half), gzip(&half), gzip("[\"a\"]")].concat();
    let answer = post(&server, "/v9/http/texts", &[JSON, GZIP], &body).await;
    assert_eq!(answer.error(), (413, -32902));
    let body = [gzip(&half), gzip("[\"a\"]")].concat();
    assert_eq!(post(&server, "/v9/http/texts", &[JSON, GZIP], &body).await.status, 200);
    let empty_ones = gzip("").repeat(20_000);
    assert_eq!(post(&server, "/v9/http/list", &[JSON, GZIP], &empty_ones).await.status, 200);
}

#[test_waits::test]
async fn a_body_that_is_encoded_twice_or_otherwise_is_refused() {
    let server = start().await;
    let whole = gzip("[\"a\"]");
    for headers in [
        &[JSON, GZIP, GZIP][..],
        &[JSON, "content-encoding: identity", GZIP],
        &[JSON, "content-encoding: gzip, gzip"],
        &[JSON, "content-encoding: br"],
        &[JSON, "content-encoding:"],
    ] {
        let answer = post(&server, "/v9/http/echo", headers, &whole).await;
        assert_eq!(answer.error(), (415, -32803), "{headers:?}");
    }
    let head =
        "POST /v9/http/echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: gzip, chunked\r\n\r\n";
    assert_eq!(server.raw(format!("{head}3\r\n[1]\r\n0\r\n\r\n").as_bytes()).await.error(), (415, -32803));
    assert!(server.memory.take().iter().all(|seen| !seen.accepted));
}

#[test_waits::test]
async fn an_upload_that_is_encoded_is_refused() {
    let server = start().await;
    let file = "--cut\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhello\r\n--cut--\r\n";
    let form = "content-type: multipart/form-data; boundary=cut";
    for target in ["/v9/http/upload", "/api/v9/http/upload"] {
        for body in [gzip(file), file.as_bytes().to_vec()] {
            for encoding in [GZIP, "content-encoding: x-gzip", "content-encoding: br"] {
                let answer = post(&server, target, &[form, encoding], &body).await;
                assert_eq!(answer.status, 415, "{target}, {encoding}: {}", answer.text());
            }
        }
        let plain = post(&server, target, &[form, "content-encoding: identity"], file.as_bytes()).await;
        assert_eq!(plain.status, 200, "{}", plain.text());
    }
    assert_eq!(server.memory.take().iter().filter(|seen| seen.accepted).count(), 2);
}

#[test_waits::test]
async fn what_follows_a_document_is_refused() {
    let server = start().await;
    let msgpack = "content-type: application/msgpack";
    for (content_type, body) in [
        (JSON, &b"[1] [2]"[..]),
        (JSON, b"[1]]"),
        (JSON, b"[1]\0"),
        (msgpack, b"\x91\x01\x91\x01"),
        (msgpack, b"\x91\x01\0"),
    ] {
        for target in ["/v9/http/echo", "/api/v9/http/echo"] {
            let answer = post(&server, target, &[content_type], body).await;
            assert_eq!(answer.status, 400, "{target}: {body:?}");
        }
    }
    assert!(server.memory.take().iter().all(|seen| !seen.accepted));
}
