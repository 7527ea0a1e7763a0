//! The client's task: one connection after the other, until one is the last.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::connect::{Connector, Stream};
use super::shared::Shared;
use super::{Command, ConnectionState};
use crate::client::error::ClientError;
use crate::codec::Codec;

/// A connection that lived so long was a good one: the next is made soon when it is lost.
const STEADY: Duration = Duration::from_secs(5);

pub(super) struct Task {
    pub(super) connector: Connector,
    pub(super) shared: Arc<Shared>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) aborts: mpsc::UnboundedReceiver<u64>,
    pub(super) closing: CancellationToken,
    pub(super) codec: Codec,
    pub(super) keep_alive: Duration,
}

/// Why a connection has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It was lost: another one may work.
    Lost,
    /// The server does not take the credentials.
    SignedOut,
    /// This side closed it.
    Closed,
}

impl Task {
    pub(super) async fn run(mut self, first: Stream) {
        let mut backoff = Backoff::default();
        let mut next = Some(first);
        while let Some(stream) = next {
            self.shared.state.send_replace(ConnectionState::Connected);
            let since = Instant::now();
            match self.serve_connection(stream).await {
                End::Closed => break,
                End::SignedOut => return self.shared.end(ConnectionState::SignedOut),
                End::Lost => {
                    self.shared.state.send_replace(ConnectionState::Reconnecting);
                    self.shared.lose(|| ClientError::ConnectionLost);
                }
            }
            if since.elapsed() >= STEADY {
                backoff.reset();
            }
            next = self.reconnect(&mut backoff).await;
        }
        self.shared.end(ConnectionState::Closed);
    }

    /// The next connection; `None` when the client is closed before there is one.
    async fn reconnect(&self, backoff: &mut Backoff) -> Option<Stream> {
        loop {
            let attempt = async {
                tokio::time::sleep(backoff.next()).await;
                self.connector.connect().await
            };
            tokio::select! {
                () = self.closing.cancelled() => return None,
                connected = attempt => match connected {
                    Ok(stream) => return Some(stream),
                    Err(error) => tracing::debug!(event = "client.reconnect_failed", %error, "no connection yet"),
                },
            }
        }
    }
}
