//! Calls over HTTP.

use std::time::Duration;

use rpc_core::Codec;
use rpc_core::client::{Batch, ClientError, HttpClient};
use serde_json::{Value, json};
use test_waits::soon;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::proxy::Proxy;
use super::{Place, start, waiting};
use crate::support::server::Running;

fn client(server: &Running) -> HttpClient {
    HttpClient::new(&format!("http://{}", server.address)).unwrap()
}

#[test_waits::test]
async fn answers_are_typed_or_as_they_are() {
    let server = start().await;
    for codec in [Codec::Json, Codec::MsgPack] {
        let client = client(&server).codec(codec);
        let place = Place { name: "hill".into(), size: 3 };
        let answer = client.call::<Place>("/v9/client/make", (&place, "high")).await.unwrap();
        assert_eq!((answer.status, answer.reason.as_str(), answer.data), (201, "Made", place));
        assert_eq!(Value::Object(answer.extra), json!({"total": 1, "summary": "high"}));
        let named = json!({"place": {"name": "hill", "size": 3}});
        assert_eq!(
            client.call::<Value>("/v9/client/make", named).await.unwrap().data,
            json!({"name": "hill", "size": 3})
        );
        let deep = json!([[{"a": [1.5, null, "é"]}]]);
        assert_eq!(client.call::<Value>("/v9/client/echo", [&deep]).await.unwrap().data, deep);
        assert!(matches!(client.call::<u8>("/v9/client/echo", ("x",)).await, Err(ClientError::Decode(_))));
    }
}

#[test_waits::test]
async fn a_token_says_who_calls_and_does_not_print() {
    let server = start().await;
    assert_eq!(client(&server).call::<Option<String>>("/v9/client/whoami", ()).await.unwrap().data, None);
    let known = client(&server).token("t_user").unwrap();
    assert_eq!(known.call::<Value>("/v9/client/whoami", ()).await.unwrap().data, "ann");
    assert!(!format!("{known:?}").contains("t_user"), "{known:?}");
    let error = client(&server).token("t_bad").unwrap().call::<Value>("/v9/client/whoami", ()).await.unwrap_err();
    assert_eq!(error.failure().map(|failure| (failure.status, failure.code)), Some((401, 401)));
    assert!(matches!(client(&server).token("a\nb"), Err(ClientError::Token)));
}

#[test_waits::test]
async fn errors_come_with_all_that_is_wrong() {
    let server = start().await;
    for codec in [Codec::Json, Codec::MsgPack] {
        let client = client(&server).codec(codec);
        let error = client.call::<Value>("/v9/client/make", [json!({"name": "x", "size": 99})]).await.unwrap_err();
        let failure = error.failure().unwrap();
        let errors: Vec<(&str, &str)> =
            failure.errors.iter().map(|error| (error.pointer.as_str(), &*error.keyword)).collect();
        assert_eq!((failure.status, failure.code), (400, -32602));
        assert_eq!(errors, [("/0/name", "minLength"), ("/0/size", "maximum")]);
        let error = client.call::<Value>("/v9/client/conflict", ()).await.unwrap_err();
        let failure = error.failure().unwrap();
        assert_eq!((failure.status, failure.code, failure.reason.as_str()), (409, 409, "It is there already"));
        assert_eq!(failure.retry_after, Some(Duration::from_secs(2)));
        let error = client.call::<Value>("/v9/client/nothing", ()).await.unwrap_err();
        assert_eq!(error.failure().unwrap().code, -32601);
    }
}

#[test_waits::test]
async fn a_batch_is_answered_in_its_order() {
    let server = start().await;
    for codec in [Codec::Json, Codec::MsgPack] {
        let client = client(&server).codec(codec);
        let mut batch = Batch::new();
        batch.call("/v9/client/echo", (1,)).unwrap().call("/v9/client/conflict", ()).unwrap();
        batch.call("/v9/client/echo", ("x",)).unwrap();
        let answers = client.batch(&batch).await.unwrap();
        let mut answers = answers.into_iter();
        assert_eq!(answers.next().unwrap().unwrap().typed::<u8>().unwrap().data, 1);
        assert_eq!(answers.next().unwrap().unwrap_err().failure().unwrap().code, 409);
        assert_eq!(answers.next().unwrap().unwrap().data, "x");
        for _ in 0..48 {
            batch.call("/v9/client/echo", (1,)).unwrap();
        }
        assert_eq!(client.batch(&batch).await.unwrap_err().failure().unwrap().code, -32600);
        assert!(client.batch(&Batch::new()).await.unwrap().is_empty());
    }
}

#[test_waits::test]
async fn a_call_that_takes_too_long_ends_here_and_on_the_server() {
    let server = start().await;
    let client = client(&server).timeout(Duration::from_millis(50));
    let error = client.call::<Value>("/v9/client/waits", ()).await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout(_)), "{error:?}");
    waiting(&server, 0).await;
    assert_eq!(server.memory.take()[0].status, 499);
}

#[test_waits::test]
async fn a_lost_connection_is_told_and_the_next_call_has_another() {
    let server = start().await;
    let proxy = Proxy::to(server.address).await;
    let client = HttpClient::new(&format!("http://{}/", proxy.address)).unwrap();
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.call::<Value>("/v9/client/waits", ()).await }
    });
    waiting(&server, 1).await;
    proxy.cut();
    assert!(matches!(soon("the end of the call", call).await.unwrap(), Err(ClientError::ConnectionLost)));
    assert_eq!(client.call::<Value>("/v9/client/echo", (1,)).await.unwrap().data, 1);
    assert_eq!(client.call::<Value>("/v9/client/echo", (2,)).await.unwrap().data, 2);
    assert_eq!(proxy.cut(), 1, "the connection is kept");
}

#[test_waits::test]
async fn too_much_is_not_read() {
    let server = start().await;
    let client = client(&server).max_bytes(1000);
    assert!(client.call::<Value>("/v9/client/echo", ("x".repeat(700),)).await.is_ok());
    let error = client.call::<Value>("/v9/client/echo", ("x".repeat(2000),)).await.unwrap_err();
    assert!(matches!(error, ClientError::TooLarge(1000)), "{error:?}");
}

/// Answers one request with these bytes.
async fn stranger(answer: &'static str) -> HttpClient {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        assert_ne!(stream.read(&mut request).await.unwrap(), 0);
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    HttpClient::new(&url).unwrap()
}

#[test_waits::test]
async fn what_is_no_answer_of_the_protocol_is_told_as_such() {
    let call = async |answer| stranger(answer).await.call::<Value>("m", ()).await.unwrap_err();
    let gateway = "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\n<h1>";
    assert!(matches!(call(gateway).await, ClientError::Status(502)));
    let other = "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    assert!(matches!(call(other).await, ClientError::Status(404)));
    let broken = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{]";
    assert!(matches!(call(broken).await, ClientError::Decode(_)));
    let cut = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    assert!(matches!(call(cut).await, ClientError::ConnectionLost));
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nobody = HttpClient::new(&format!("http://{closed}")).unwrap().call::<Value>("m", ()).await;
    assert!(matches!(nobody, Err(ClientError::Connect(_))), "{nobody:?}");
}
