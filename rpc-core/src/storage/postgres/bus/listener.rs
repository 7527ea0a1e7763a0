//! The connection that hears bells. They make notices quick, and nothing rests on them.
//!
//! It says nothing while it listens: what strangers notify meanwhile would be kept for it in memory, however much it is.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout};

use super::message::Bell;
use super::{CHANNEL, Shared};

/// How long it may be silent before another one is opened. The node's own bells come sooner.
const QUIET: Duration = Duration::from_secs(15);
/// How long beginning to listen may take.
const CONNECT: Duration = Duration::from_secs(1);
/// How long closing may take.
const SHORT: Duration = Duration::from_secs(2);
/// Between two attempts: doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// More bells a second than this are not listened to, and for how long: doubled each time. No application rings as often: a bell
/// stands for many notices.
const MAX_BELLS: u32 = 20_000;
const FIRST_CLOSED: Duration = Duration::from_secs(5);
const LONGEST_CLOSED: Duration = Duration::from_secs(80);

/// Why a connection is given up.
#[derive(Debug, Error)]
enum Lost {
    #[error("somebody notifies the channel of this application too often")]
    Flooded,
    #[error("the connection was closed")]
    Closed,
    #[error("the bells of this node were not heard")]
    Silent,
    #[error("the database did not answer in time")]
    TimedOut,
    #[error(transparent)]
    Failed(#[from] sqlx::Error),
}

/// Listens until the bus is stopped, on one connection after the other.
pub(super) async fn run(shared: Arc<Shared>, options: PgConnectOptions) {
    let stopped = shared.stopped.clone();
    let (mut wait, mut closed, mut is_told) = (FIRST_WAIT, FIRST_CLOSED, false);
    loop {
        let Some(opened) = stopped.run_until_cancelled(ListenConnection::open(&options)).await else { return };
        let lost = match opened {
            Ok(mut connection) => {
                let opened_at = Instant::now();
                shared.counts.connected();
                if std::mem::take(&mut is_told) {
                    tracing::info!(event = "bus.quick", "notices of other nodes are heard at once again");
                }
                let Some(lost) = stopped.run_until_cancelled(connection.hear(&shared)).await else {
                    return connection.close().await;
                };
                if connection.has_heard {
                    wait = FIRST_WAIT;
                }
                if opened_at.elapsed() > LONGEST_CLOSED {
                    closed = FIRST_CLOSED;
                }
                lost
            }
            Err(lost) => lost,
        };
        if !is_told {
            is_told = true;
            let error = &lost as &dyn std::error::Error;
            tracing::warn!(event = "bus.slow", error, "notices of other nodes are looked for every 300 ms only");
        }
        let (pause, longest) = match lost {
            Lost::Flooded => (&mut closed, LONGEST_CLOSED),
            _ => (&mut wait, LONGEST_WAIT),
        };
        if stopped.run_until_cancelled(sleep(*pause)).await.is_none() {
            return;
        }
        *pause = (*pause * 2).min(longest);
    }
}

/// A connection that listens.
struct ListenConnection {
    listener: PgListener,
    /// Of the one connection: it opens it and closes it.
    pool: PgPool,
    flood: Flood,
    has_heard: bool,
}

impl ListenConnection {
    async fn open(options: &PgConnectOptions) -> Result<Self, Lost> {
        let pool = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = pool.acquire_timeout(CONNECT).connect_lazy_with(options.clone());
        let connect = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.ignore_pool_close_event(true);
            // A connection that was lost is not replaced unnoticed.
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await?;
            Ok::<_, Lost>(listener)
        };
        let listener = timeout(CONNECT, connect).await.map_err(|_| Lost::TimedOut)??;
        Ok(Self { listener, pool, flood: Flood::default(), has_heard: false })
    }

    /// Listens until the connection is no good any more.
    async fn hear(&mut self, shared: &Shared) -> Lost {
        loop {
            let taken = match timeout(QUIET, self.listener.try_recv()).await {
                Ok(Ok(Some(notification))) => self.take(shared, notification.payload()),
                Ok(Ok(None)) => Err(Lost::Closed),
                Ok(Err(error)) => Err(error.into()),
                Err(_) => Err(Lost::Silent),
            };
            if let Err(lost) = taken {
                return lost;
            }
        }
    }

    /// Notes a bell. Reading begins when it may be true.
    fn take(&mut self, shared: &Shared, text: &str) -> Result<(), Lost> {
        self.has_heard = true;
        match Bell::read(text) {
            // One's own. Whoever rings with the name of this node rings in vain.
            Some(bell) if bell.node == &*shared.node => {}
            Some(bell) => shared.bells.heard(bell.transaction),
            None => shared.forged(1),
        }
        self.flood.add()
    }

    async fn close(self) {
        let Self { listener, pool, .. } = self;
        drop(listener);
        // The server notices anyway.
        let _ = timeout(SHORT, pool.close()).await;
    }
}

/// How many bells there were in the present second.
#[derive(Debug, Default)]
struct Flood {
    since: Option<Instant>,
    bells: u32,
}

impl Flood {
    fn add(&mut self) -> Result<(), Lost> {
        let now = Instant::now();
        if self.since.is_none_or(|since| now.duration_since(since) >= Duration::from_secs(1)) {
            *self = Self { since: Some(now), bells: 0 };
        }
        self.bells += 1;
        if self.bells > MAX_BELLS { Err(Lost::Flooded) } else { Ok(()) }
    }
}
