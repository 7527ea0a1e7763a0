//! What a node hears: the notices of others, and its own heartbeat.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use rpc_core::Notice;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{Executor, PgPool};
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::message::{Message, decode};
use super::{CHANNEL, Shared};

/// How long after the last heartbeat was sent another connection is opened. Less than the node's trust, so that listeners have
/// acted on what was missed when a second has passed.
const SILENCE: Duration = Duration::from_millis(800);
/// How long beginning to listen may take.
const CONNECT: Duration = Duration::from_secs(1);
/// How long reading a large notice may take, and saying goodbye.
const SHORT: Duration = Duration::from_secs(2);
/// Between two attempts: doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_millis(500);

const CONTENT: &str = "SELECT content FROM rpc_auth_notices WHERE node = $1 AND number = $2";

/// Why a connection is given up.
#[derive(Debug, Error)]
enum Lost {
    #[error("no heartbeat was heard in time")]
    Silent,
    #[error("the connection was closed")]
    Closed,
    #[error("the database did not answer in time")]
    TimedOut,
    #[error(transparent)]
    Failed(#[from] sqlx::Error),
}

/// Listens until the bus is stopped, on one connection after the other.
pub(super) async fn run(shared: Arc<Shared>, options: PgConnectOptions) {
    let stopped = shared.stopped.clone();
    let (mut wait, mut is_deaf) = (FIRST_WAIT, false);
    loop {
        let Some(opened) = stopped.run_until_cancelled(Ear::open(&shared, &options)).await else { return };
        let lost = match opened {
            Ok(mut ear) => {
                shared.counts.connected();
                // Not before it listens: what is read from now on is no older than what is heard next.
                shared.miss();
                shared.beat_now.notify_one();
                let heard = stopped.run_until_cancelled(ear.hear(&shared, &mut is_deaf)).await;
                shared.pulse.lost();
                match heard {
                    None => return ear.close().await,
                    Some(lost) => {
                        wait = if ear.has_heard { FIRST_WAIT } else { wait };
                        lost
                    }
                }
            }
            Err(lost) => lost,
        };
        shared.miss();
        if !is_deaf {
            is_deaf = true;
            let error = &lost as &dyn std::error::Error;
            tracing::warn!(
                event = "bus.deaf",
                error,
                "other nodes are not heard: every token is checked with the database"
            );
        }
        if stopped.run_until_cancelled(sleep(wait)).await.is_none() {
            return;
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// A connection that listens.
pub(super) struct Ear {
    listener: PgListener,
    /// Of the one connection: it opens it and closes it.
    pool: PgPool,
    beat_channel: String,
    has_heard: bool,
}

impl Ear {
    pub(super) fn options(options: &PgConnectOptions) -> PgConnectOptions {
        options.clone().application_name("rpc-auth bus: listens")
    }

    async fn open(shared: &Shared, options: &PgConnectOptions) -> Result<Self, Lost> {
        let pool = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = pool.acquire_timeout(CONNECT).connect_lazy_with(options.clone());
        let beat_channel = shared.beat_channel();
        let connect = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.ignore_pool_close_event(true);
            // A connection that was lost is not replaced unnoticed.
            listener.eager_reconnect(false);
            // It says nothing for as long as nothing goes wrong.
            listener.execute("SET idle_session_timeout = 0").await?;
            listener.listen_all([CHANNEL, &beat_channel]).await?;
            Ok::<_, Lost>(listener)
        };
        let listener = timeout(CONNECT, connect).await.map_err(|_| Lost::TimedOut)??;
        Ok(Self { listener, pool, beat_channel, has_heard: false })
    }

    /// Hears until the connection is no good any more.
    async fn hear(&mut self, shared: &Shared, is_deaf: &mut bool) -> Lost {
        let mut deadline = Instant::now() + SILENCE;
        loop {
            let notification = match timeout_at(deadline, self.listener.try_recv()).await {
                Ok(Ok(Some(notification))) => notification,
                Ok(Ok(None)) => return Lost::Closed,
                Ok(Err(error)) => return error.into(),
                Err(_) => return Lost::Silent,
            };
            if notification.channel() == self.beat_channel {
                let Ok(sent) = notification.payload().parse() else { continue };
                deadline = shared.pulse.heard(sent) + SILENCE;
                self.has_heard = true;
                if std::mem::take(is_deaf) {
                    tracing::info!(event = "bus.hears", "other nodes are heard again");
                }
            } else if let Err(lost) = self.take(shared, notification.payload()).await {
                return lost;
            }
        }
    }

    /// Tells this node what another one says.
    async fn take(&mut self, shared: &Shared, text: &str) -> Result<(), Lost> {
        let notice = match Message::read(text) {
            Some(message) if message.node == &*shared.node => return Ok(()),
            Some(message) => self.content(&message).await?.and_then(|content| decode(&content)),
            None => None,
        };
        shared.counts.heard();
        match notice {
            Some(Notice::Missed) => shared.miss(),
            Some(notice) => shared.local.tell(&notice),
            None => {
                tracing::warn!(event = "bus.unread", "a notice of another node cannot be read: it is taken as missed");
                shared.miss();
            }
        }
        Ok(())
    }

    /// What a message says. `None` when it was swept before it could be read.
    async fn content<'m>(&mut self, message: &Message<'m>) -> Result<Option<Cow<'m, str>>, Lost> {
        if let Some(content) = message.content {
            return Ok(Some(content.into()));
        }
        let query = sqlx::query_scalar::<_, String>(CONTENT).bind(message.node).bind(message.number);
        let content = timeout(SHORT, query.fetch_optional(&mut self.listener)).await.map_err(|_| Lost::TimedOut)??;
        Ok(content.map(Cow::Owned))
    }

    async fn close(self) {
        let Self { listener, pool, .. } = self;
        drop(listener);
        // The server notices anyway.
        let _ = timeout(SHORT, pool.close()).await;
    }
}
