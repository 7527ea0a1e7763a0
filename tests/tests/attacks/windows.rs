//! HTTP/2 clients whose windows are shut, and that open them by a byte now and then.

use std::time::Duration;

use ::http::Request;
use h2::client::{Builder, SendRequest};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::bystander::Bystander;
use crate::process::soon;
use crate::server::Server;
use crate::{MAX_RESIDENT, alone, duration};

const CONNECTIONS: u16 = 40;
const STREAMS: usize = 100;
/// How long an answer may wait for its client to take anything, in the test.
const SHORT: Duration = Duration::from_secs(2);

/// Asks on one connection for as much as it may, and opens each window by a byte at a time; how many answers it was given.
async fn drip(mut sender: SendRequest<bytes::Bytes>, text: bytes::Bytes, pause: Duration, until: Instant) -> usize {
    let mut bodies = Vec::new();
    let mut answers = 0;
    while Instant::now() < until {
        while bodies.len() < STREAMS {
            let Ok(ready) = sender.clone().ready().await else { return answers };
            sender = ready;
            let request = Request::post("http://x/v1/test/test").header("content-type", "application/json");
            let Ok((response, mut body)) = sender.send_request(request.body(()).unwrap(), false) else {
                return answers;
            };
            if body.send_data(text.clone(), true).is_err() {
                return answers;
            }
            let Ok(Ok(response)) = tokio::time::timeout(pause, response).await else { break };
            answers += 1;
            bodies.push(response.into_body());
        }
        tokio::time::sleep_until((Instant::now() + pause).min(until)).await;
        let mut left = Vec::with_capacity(bodies.len());
        for mut body in bodies {
            let _ = body.flow_control().release_capacity(1);
            let read = tokio::time::timeout(Duration::from_millis(1), body.data()).await;
            if matches!(read, Err(_) | Ok(Some(Ok(_)))) {
                left.push(body);
            }
        }
        bodies = left;
    }
    answers
}

#[tokio::test]
async fn windows_that_open_a_byte_at_a_time_hold_a_bounded_memory() {
    let _alone = alone().await;
    let (lasts, pause, settings): (_, _, &[(&str, &str)]) = match duration() {
        Some(lasts) => (lasts, Duration::from_secs(12), &[]),
        None => (5 * SHORT, SHORT / 2, &[("APP_WRITE_TIMEOUT", "2s")]),
    };
    let server = Server::start(settings).await;
    let bystander = Bystander::start(&server).await;
    let text = bytes::Bytes::from(format!("[\"{}\"]", "x".repeat(120 * 1024)));
    let until = Instant::now() + lasts;
    let mut clients = JoinSet::new();
    for network in 0..CONNECTIONS {
        let stream = soon("a connection", server.connect(network / 4)).await.unwrap();
        let (sender, connection) = Builder::new().initial_window_size(0).handshake(stream).await.unwrap();
        clients.spawn(async move {
            let _ = connection.await;
            0
        });
        clients.spawn(drip(sender, text.clone(), pause, until));
    }
    let (mut answers, mut max_resident) = (0, 0);
    let mut watch = tokio::time::interval(Duration::from_millis(100));
    let ended = async {
        while let Some(ended) = clients.join_next().await {
            answers += ended.unwrap();
        }
    };
    let watched = async {
        loop {
            watch.tick().await;
            max_resident = max_resident.max(server.resident().0);
        }
    };
    let patience = lasts + Duration::from_secs(60);
    let ended = async {
        tokio::select! { () = ended => {}, () = watched => {} }
    };
    test_waits::within(patience, "the end of the clients", ended).await;
    bystander.stop("shut windows").await;
    eprintln!("shut windows: {answers} answers, {max_resident} bytes at most");
    assert!(answers > 500, "{answers}");
    assert!(max_resident < MAX_RESIDENT, "{max_resident}");
}
