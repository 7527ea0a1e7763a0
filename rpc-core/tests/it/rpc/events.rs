//! Events: who hears what, in which form, and over which node.

use std::sync::Arc;

use rpc_core::{Audience, LocalBus, Notice, PublishError, PublishedEvent};
use serde_json::{Value, json};

use super::socket::Socket;
use super::{builder, start};
use crate::support::server::Running;

fn event(name: &str, payload: &Value) -> Value {
    json!({"jsonrpc": "2.0", "method": "/event", "params": [name, payload]})
}

#[test_waits::test]
async fn an_event_reaches_its_audience_and_nobody_else() {
    let server = start().await;
    let mut sockets = Vec::new();
    for token in ["t_user", "t_admin", "t_root", "t_api"] {
        sockets.push(Socket::with_token(&server, token).await);
    }
    sockets.push(Socket::guest(&server).await);
    // Of user, admin, root, the admin's API token, guest:
    let table = [
        (Audience::User("2".into()), [true, false, false, false, false]),
        (Audience::Users, [true, true, true, true, false]),
        (Audience::Root, [false, false, true, false, false]),
        (Audience::Guests, [false, false, false, false, true]),
        (Audience::Permission("admin".into()), [false, true, true, true, false]),
    ];
    for (number, (audience, expected)) in table.into_iter().enumerate() {
        server.api.publish_by_name(audience.clone(), "/v9/rpc/some", number).await.unwrap();
        server.api.publish_by_name(Audience::Everyone, "/v9/rpc/bare", ()).await.unwrap();
        for (socket, hears) in sockets.iter_mut().zip(expected) {
            if hears {
                assert_eq!(socket.json().await, event("/v9/rpc/some", &json!(number)), "{audience:?}");
            }
            let bare = json!({"jsonrpc": "2.0", "method": "/event", "params": ["/v9/rpc/bare"]});
            assert_eq!(socket.json().await, bare, "{audience:?}");
        }
    }
}

#[test_waits::test]
async fn a_subscriber_gets_the_event_as_a_publication() {
    let server = start().await;
    let mut socket = Socket::guest(&server).await;
    socket.call("/subscribe", json!([["/v9/rpc/news"]])).await;
    server.post("/v9/rpc/publishes", r#"["everyone", "first"]"#).await;
    let publication = json!({"jsonrpc": "2.0", "method": "/publish", "params": ["/v9/rpc/news", "first"]});
    assert_eq!(socket.json().await, publication);
    socket.call("/unsubscribe", json!([["/v9/rpc/news"]])).await;
    server.post("/v9/rpc/publishes", r#"["everyone", "second"]"#).await;
    assert_eq!(socket.json().await, event("/v9/rpc/news", &json!("second")));
}

#[test_waits::test]
async fn an_event_has_the_codec_of_the_clients_last_message() {
    let server = start().await;
    let mut socket = Socket::guest(&server).await;
    let ping = b"\x83\xa7jsonrpc\xa32.0\xa2id\x01\xa6method\xa5/ping".to_vec();
    futures_util::SinkExt::send(&mut socket.stream, tokio_tungstenite::tungstenite::Message::binary(ping))
        .await
        .unwrap();
    assert!(socket.message().await.is_binary());
    server.api.publish_by_name(Audience::Everyone, "/v9/rpc/bare", ()).await.unwrap();
    assert!(socket.message().await.is_binary());
    socket.call("/ping", json!([])).await;
    server.api.publish_by_name(Audience::Everyone, "/v9/rpc/bare", ()).await.unwrap();
    assert!(socket.message().await.is_text());
}

#[test_waits::test]
async fn what_is_not_declared_is_not_published() {
    let server = start().await;
    let api = &server.api;
    let unknown = api.publish_by_name(Audience::Everyone, "/v9/rpc/nothing", ()).await;
    assert!(matches!(unknown, Err(PublishError::Unknown(_))), "{unknown:?}");
    let audience = api.publish_by_name(Audience::Everyone, "/v9/rpc/some", 7).await;
    assert!(matches!(audience, Err(PublishError::Audience { .. })), "{audience:?}");
    for payload in [json!(null), json!(7)] {
        let payload = api.publish_by_name(Audience::Everyone, "/v9/rpc/news", payload).await;
        assert!(matches!(payload, Err(PublishError::Payload("/v9/rpc/news"))), "{payload:?}");
    }
    let payload = api.publish_by_name(Audience::Everyone, "/v9/rpc/bare", 7).await;
    assert!(matches!(payload, Err(PublishError::Payload(_))), "{payload:?}");
}

#[test_waits::test]
async fn two_nodes_on_one_bus_tell_each_other() {
    let bus = Arc::new(LocalBus::default());
    let node = async || Running::serve(builder().bus(bus.clone()), |service| service).await;
    let (first, second) = (node().await, node().await);
    let mut near = Socket::with_token(&first, "t_leaver_two").await;
    let mut far = Socket::with_token(&second, "t_leaver_two").await;
    let mut other = Socket::with_token(&second, "t_root").await;
    first.post("/v9/rpc/publishes", r#"["everyone", "hello"]"#).await;
    for socket in [&mut near, &mut far, &mut other] {
        assert_eq!(socket.json().await, event("/v9/rpc/news", &json!("hello")));
    }
    crate::support::withdraw("t_leaver_two");
    second.api.bus().announce(Notice::User("8".into())).await.unwrap();
    assert_eq!((near.closed().await, far.closed().await), (Some(4000), Some(4000)));
    assert_eq!((first.api.websockets(), second.api.websockets()), (0, 1));
    assert_eq!(other.call("/v9/rpc/whoami", json!([])).await["result"]["data"], "root");
}

#[test_waits::test]
async fn what_the_bus_brings_is_checked_as_what_is_published() {
    let server = start().await;
    let mut socket = Socket::with_token(&server, "t_root").await;
    let heard = async |name: &str, audience: Audience, payload: Option<Value>| {
        let event = PublishedEvent { name: name.into(), audience, payload };
        server.api.bus().announce(Notice::Event(event)).await.unwrap();
    };
    let forged = [
        ("/v9/rpc/nothing", Audience::Everyone, None),
        ("/v9/rpc/some", Audience::Everyone, Some(json!(7))),
        ("/v9/rpc/some", Audience::Permission("other".into()), Some(json!(7))),
        ("/v9/rpc/some", Audience::Root, Some(json!("seven"))),
        ("/v9/rpc/some", Audience::Root, None),
        ("/v9/rpc/news", Audience::Everyone, Some(json!({"a": 1}))),
        ("/v9/rpc/bare", Audience::Everyone, Some(json!(null))),
        ("/v9/rpc/bare", Audience::Everyone, Some(json!("text"))),
    ];
    let count = forged.len() as u64;
    for (name, audience, payload) in forged {
        heard(name, audience, payload).await;
    }
    heard("/v9/rpc/some", Audience::Root, Some(json!(8))).await;
    assert_eq!(socket.json().await, event("/v9/rpc/some", &json!(8)), "nothing of what came before");
    assert_eq!(server.api.events_refused(), count);
}
