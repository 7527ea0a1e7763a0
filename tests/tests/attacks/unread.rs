//! A thousand WebSockets that send what they may, and read nothing.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::json;
use tokio::task::JoinSet;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

use crate::bystander::Bystander;
use crate::process::soon;
use crate::server::{Server, connections};
use crate::{MAX_RESIDENT, alone};

/// Addresses that they come from.
const NETWORKS: u16 = 4;
/// How long a message may wait: longer means that its server reads no more.
const BLOCKED: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_thousand_sockets_with_full_queues_cost_others_nothing() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let bystander = Bystander::start(&server).await;
    let count = connections(1000);
    let mut sockets = JoinSet::new();
    for network in (0..NETWORKS).cycle().take(count) {
        let stream = soon("a connection", server.connect(network)).await.unwrap();
        let handshake = client_async(format!("ws://{}/api", server.address), stream);
        let (mut socket, _) = soon("a handshake", handshake).await.unwrap();
        sockets.spawn(async move {
            let text = "x".repeat(16 * 1024);
            let mut sent = 0;
            // More than the system takes for a client that reads nothing.
            for id in 0..40 {
                let call = json!({"jsonrpc": "2.0", "id": id, "method": "/v1/test/test", "params": [text]});
                let silent = json!([{"jsonrpc": "2.0", "method": "/v1/test/test", "params": [vec![0; 1000]]}]);
                for message in [call, silent] {
                    let sending = socket.send(Message::text(message.to_string()));
                    match tokio::time::timeout(BLOCKED, sending).await {
                        Ok(Ok(())) => sent += 1,
                        Ok(Err(_)) | Err(_) => return (socket, sent),
                    }
                }
            }
            (socket, sent)
        });
    }
    let (mut open, mut sent) = (Vec::new(), 0);
    while let Some(ended) = soon("a full queue", sockets.join_next()).await {
        let (socket, messages) = ended.unwrap();
        open.push(socket);
        sent += messages;
    }
    let descriptors = server.descriptors();
    bystander.stop("full queues").await;
    let (_, max) = server.resident();
    eprintln!("full queues: {sent} messages, {descriptors} descriptors, {max} bytes at most");
    assert!(sent > count, "{sent}");
    assert!(max < MAX_RESIDENT, "{max}");
}
