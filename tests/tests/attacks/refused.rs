//! Ten thousand connections that each begin a megabyte that nobody wants, and that many of them send to its end.

use std::sync::Arc;
use std::time::Duration;

use test_waits::within;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::bystander::Bystander;
use crate::process::soon;
use crate::server::{Server, connections};
use crate::{MAX_RESIDENT, alone, duration};

const MEGABYTE: usize = 1024 * 1024;
/// How many send all of it in the test; the others stop in the middle. All of them do for as long as `ATTACK_SECONDS` says.
const WHOLE: usize = 1000;
/// Addresses that they come from.
const NETWORKS: u16 = 20;

/// Sends the megabyte; the status of the answer, or `None` when the connection was closed for somebody else.
async fn refused(mut stream: TcpStream, zeros: Arc<[u8]>, pieces: usize) -> Option<u16> {
    let head = format!("PUT /v1/nothing HTTP/1.1\r\nhost: x\r\ncontent-length: {MEGABYTE}\r\n\r\n");
    let sending = async {
        stream.write_all(head.as_bytes()).await?;
        for _ in 0..pieces {
            stream.write_all(&zeros).await?;
        }
        std::io::Result::Ok(())
    };
    // A server that does not want it for so long answers, and closes.
    drop(sending.await);
    let mut answer = [0; 1024];
    let length = stream.read(&mut answer).await.ok()?;
    std::str::from_utf8(&answer[..length]).ok()?.split(' ').nth(1)?.parse().ok()
}

#[tokio::test]
async fn ten_thousand_megabytes_that_are_refused_cost_others_nothing() {
    let _alone = alone().await;
    let server = Server::start(&[]).await;
    let bystander = Bystander::start(&server).await;
    let count = connections(9_900);
    let zeros: Arc<[u8]> = vec![0; 64 * 1024].into();
    let (all, whole) = (MEGABYTE / zeros.len(), if duration().is_some() { count } else { WHOLE });
    let mut senders = JoinSet::new();
    for (number, network) in (0..NETWORKS).cycle().take(count).enumerate() {
        let stream = soon("a connection", server.connect(network)).await.unwrap();
        let (zeros, pieces) = (Arc::clone(&zeros), if number % (count / whole) == 0 { all } else { 1 });
        let patience = Duration::from_secs(300);
        senders.spawn(async move { within(patience, "the end of a request", refused(stream, zeros, pieces)).await });
    }
    let max_descriptors = server.descriptors();
    let (mut answered, mut closed) = (0, 0);
    while let Some(sent) = senders.join_next().await {
        match sent.unwrap() {
            Some(status) => {
                assert_eq!(status, 405);
                answered += 1;
            }
            None => closed += 1,
        }
    }
    bystander.stop("refused megabytes").await;
    let (_, max) = server.resident();
    eprintln!(
        "refused megabytes: {answered} answered, {closed} closed, {max_descriptors} descriptors, {max} bytes at most"
    );
    assert!(answered > count * 9 / 10, "{answered} of {count}");
    assert!(max < MAX_RESIDENT, "{max}");
}
