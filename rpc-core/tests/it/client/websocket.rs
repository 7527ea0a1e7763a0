//! Calls and events over WebSocket, and what follows a lost connection.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rpc_core::client::{ClientError, ConnectionState, Event, WsClient, WsClientBuilder};
use rpc_core::{Audience, Codec, Notice};
use serde_json::{Value, json};
use test_waits::{Bounded, soon, until};
use tokio::net::TcpListener;
use tokio::sync::broadcast::Receiver;
use tokio_tungstenite::tungstenite::Message;

use super::proxy::Proxy;
use super::{Place, WITHDRAWN, start, waiting};
use crate::support::server::Running;

fn builder(server: &Running) -> WsClientBuilder {
    WsClient::builder(&format!("ws://{}", server.address))
}

async fn reaches(client: &WsClient, state: ConnectionState) {
    let mut states = client.state();
    let reached = states.wait_for(|now| *now == state);
    soon(format_args!("{state:?}"), reached).await.unwrap();
}

async fn next(events: &mut Receiver<Event>) -> Event {
    soon("an event", events.recv()).await.unwrap()
}

/// A call that waits on the server.
fn wait(client: &WsClient) -> tokio::task::JoinHandle<Result<(), ClientError>> {
    let client = client.clone();
    tokio::spawn(async move { client.call::<Value>("/v9/client/waits", ()).await.map(drop) })
}

#[test_waits::test]
async fn answers_are_typed_and_errors_whole() {
    let server = start().await;
    for codec in [Codec::Json, Codec::MsgPack] {
        let client = builder(&server).codec(codec).token("t_user").unwrap().connect().await.unwrap();
        assert_eq!(client.call::<Value>("/v9/client/whoami", ()).await.unwrap().data, "ann");
        let place = Place { name: "hill".into(), size: 3 };
        let answer = client.call::<Place>("/v9/client/make", (&place, "high")).await.unwrap();
        assert_eq!((answer.status, answer.data, &answer.extra["summary"]), (201, place, &json!("high")));
        let error = client.call::<Value>("/v9/client/make", [json!({"name": "x"})]).await.unwrap_err();
        let failure = error.failure().unwrap();
        assert_eq!((failure.status, failure.code, failure.errors.len()), (400, -32602, 2));
        client.call::<Value>("/ping", ()).await.unwrap();
        assert!(!format!("{client:?}").contains("t_user"));
        client.close().await;
    }
    let address = server.address;
    assert!(WsClient::connect(&format!("ws://{address}/nothing")).await.is_err());
    assert!(matches!(WsClient::connect(&format!("http://{address}")).await, Err(ClientError::Address { .. })));
    assert!(matches!(builder(&server).token("a b"), Err(ClientError::Token)));
}

#[test_waits::test]
async fn a_thousand_calls_at_once_find_their_answers() {
    let server = start().await;
    let client = builder(&server).in_flight(100).connect().await.unwrap();
    let calls = (0..1000).map(|number: u32| {
        let client = client.clone();
        async move { (number, client.call::<u32>("/v9/client/echo", (number,)).await.unwrap().data) }
    });
    for (sent, received) in futures_util::future::join_all(calls).await {
        assert_eq!(sent, received);
    }
}

#[test_waits::test]
async fn a_call_that_takes_too_long_is_aborted_on_the_server() {
    let server = start().await;
    let client = builder(&server).timeout(Duration::from_millis(50)).connect().await.unwrap();
    let error = client.call::<Value>("/v9/client/waits", ()).await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout(time) if time == Duration::from_millis(50)), "{error:?}");
    waiting(&server, 0).await;
    let seen = server.memory.take();
    assert_eq!((seen.len(), seen[0].status), (1, 499));
    assert_eq!(client.call::<Value>("/v9/client/echo", (1,)).await.unwrap().data, 1, "the connection lives");
}

#[test_waits::test]
async fn a_dropped_call_is_aborted_too() {
    let server = start().await;
    let client = builder(&server).connect().await.unwrap();
    let call = wait(&client);
    waiting(&server, 1).await;
    call.abort();
    waiting(&server, 0).await;
    assert_eq!(server.memory.take()[0].status, 499);
}

#[test_waits::test]
async fn events_and_publications_are_heard() {
    let server = start().await;
    let client = builder(&server).connect().await.unwrap();
    let mut events = client.events();
    server.api.publish_by_name(Audience::Everyone, "/v9/client/news", "first").await.unwrap();
    let first = next(&mut events).await;
    assert_eq!((first.name.as_str(), first.args, first.subscribed), ("/v9/client/news", vec![json!("first")], false));
    client.subscribe(&["/v9/client/news"]).await.unwrap();
    client.notify("/v9/client/publishes", ("second",)).await.unwrap();
    assert!(next(&mut events).await.subscribed);
    client.unsubscribe(&["/v9/client/news"]).await.unwrap();
    client.notify("/v9/client/publishes", ("third",)).await.unwrap();
    let third = next(&mut events).await;
    assert_eq!((third.args, third.subscribed), (vec![json!("third")], false));
}

#[test_waits::test]
async fn a_lost_connection_is_made_again_and_its_calls_are_not() {
    let server = start().await;
    let proxy = Proxy::to(server.address).await;
    let client = WsClient::connect(&format!("ws://{}", proxy.address)).await.unwrap();
    client.subscribe(&["/v9/client/news"]).await.unwrap();
    let mut events = client.events();
    let call = wait(&client);
    waiting(&server, 1).await;
    server.memory.take();
    proxy.cut();
    assert!(matches!(soon("the end of the call", call).await.unwrap(), Err(ClientError::ConnectionLost)));
    waiting(&server, 0).await;
    // A call that was not sent before waits for the new connection.
    assert_eq!(client.call::<Value>("/v9/client/echo", (1,)).await.unwrap().data, 1);
    assert_eq!(*client.state().borrow(), ConnectionState::Connected);
    let statuses: Vec<u16> = server.memory.take().iter().map(|seen| seen.status).collect();
    assert_eq!(statuses, [499, 200], "the lost call is not repeated");
    server.api.publish_by_name(Audience::Everyone, "/v9/client/news", "again").await.unwrap();
    assert!(next(&mut events).await.subscribed);
}

#[test_waits::test]
async fn a_server_that_starts_again_is_found() {
    let server = start().await;
    let address = server.address;
    let client = WsClient::connect(&format!("ws://{address}")).await.unwrap();
    server.stop().await;
    reaches(&client, ConnectionState::Reconnecting).await;
    let api = super::builder().build().unwrap();
    let again = rpc_core::http::Server::bind(rpc_core::http::HttpService::new(api), address).await.unwrap();
    tokio::spawn(again.serve(std::future::pending::<()>()));
    assert_eq!(client.call::<Value>("/v9/client/echo", (1,)).await.unwrap().data, 1);
}

#[test_waits::test]
async fn credentials_that_are_gone_end_the_client() {
    let server = start().await;
    let client = builder(&server).token("t_leaver").unwrap().connect().await.unwrap();
    let call = wait(&client);
    waiting(&server, 1).await;
    WITHDRAWN.lock().unwrap().insert("t_leaver".into());
    server.api.bus().announce(Notice::User("t_leaver".into())).await.unwrap();
    reaches(&client, ConnectionState::SignedOut).await;
    assert!(matches!(soon("the end of the call", call).await.unwrap(), Err(ClientError::SignedOut)));
    assert!(matches!(client.call::<Value>("/v9/client/echo", (1,)).await, Err(ClientError::SignedOut)));
    assert!(matches!(client.notify("/v9/client/echo", (1,)).await, Err(ClientError::SignedOut)));
    assert_eq!(server.api.websockets(), 0);
    client.close().await;
}

#[test_waits::test]
async fn a_bad_token_ends_the_client() {
    let server = start().await;
    let client = builder(&server).token("t_bad").unwrap().connect().await.unwrap();
    assert!(matches!(client.call::<Value>("/v9/client/echo", (1,)).await, Err(ClientError::SignedOut)));
    assert_eq!(*client.state().borrow(), ConnectionState::SignedOut);
    assert_eq!(server.memory.take(), []);
}

#[test_waits::test]
async fn a_closed_client_calls_nothing() {
    let server = start().await;
    let client = builder(&server).connect().await.unwrap();
    let call = wait(&client);
    waiting(&server, 1).await;
    client.close().await;
    assert!(matches!(soon("the end of the call", call).await.unwrap(), Err(ClientError::Closed)));
    assert!(matches!(client.call::<Value>("/v9/client/echo", (1,)).await, Err(ClientError::Closed)));
    assert_eq!(*client.state().borrow(), ConnectionState::Closed);
    let last = builder(&server).connect().await.unwrap();
    assert_eq!(last.call::<Value>("/v9/client/echo", (1,)).await.unwrap().data, 1);
    drop(last);
    until("the socket to be closed", || server.api.websockets() == 0).await;
}

#[test_waits::test]
async fn a_server_that_says_nothing_counts_as_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let opened = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        #[expect(clippy::result_large_err, reason = "the library's own type")]
        let choose = |_: &_, mut response: tokio_tungstenite::tungstenite::handshake::server::Response| {
            response.headers_mut().insert("sec-websocket-protocol", "jsonrpc_2.0".parse().unwrap());
            Ok(response)
        };
        (tokio_tungstenite::accept_hdr_async(Bounded::new(stream), choose).await.unwrap(), listener)
    });
    let client = WsClient::builder(&url).keep_alive(Duration::from_millis(50)).connect().await.unwrap();
    let (mut stream, _listener) = soon("a client", opened).await.unwrap();
    stream.send(Message::text(r#"{"jsonrpc":"2.0","id":9,"method":"/ping"}"#)).await.unwrap();
    let mut said = Vec::new();
    while said.len() < 2 {
        said.push(stream.next().await.unwrap().unwrap().into_text().unwrap().to_string());
    }
    assert_eq!(said[0], r#"{"jsonrpc":"2.0","id":9,"method":"/pong"}"#);
    assert!(said[1].contains(r#""method":"/ping""#), "{said:?}");
    reaches(&client, ConnectionState::Reconnecting).await;
}
