//! What a node says: its notices, as many as wait in one statement, and its heartbeat; and the sweeping of the table.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnectOptions};
use sqlx::query::Query;
use sqlx::{Connection, Executor, PgConnection, Postgres};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::message::{fits, with_content, without_content};
use super::{CHANNEL, Shared};

/// Between two heartbeats.
const BEAT: Duration = Duration::from_millis(300);
/// Between two looks for notices to be swept, and between two when there were as many as are swept at once.
const SWEEP: Duration = Duration::from_secs(60);
const SWEEP_ON: Duration = Duration::from_millis(100);
/// How old a notice is that is swept: a node that has not read it by then has long opened another connection.
const KEPT: Duration = Duration::from_secs(5 * 60);
/// Notices that are swept at once.
const SWEPT_AT_ONCE: i64 = 100;
/// Notices that are sent at once.
const AT_ONCE: usize = 256;

/// How long connecting may take, a heartbeat or a sweep, and a notice.
const CONNECT: Duration = Duration::from_secs(1);
const SHORT: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(2);

const NOTIFY: &str =
    "SELECT pg_notify($1, text) FROM unnest($2::text[]) WITH ORDINALITY AS waiting (text, place) ORDER BY place";
const NOTIFY_LARGE: &str = "WITH kept AS (INSERT INTO rpc_auth_notices (node, number, content) VALUES ($1, $2, $3)) \
                            SELECT pg_notify($4, $5)";
const DELETE_OLD: &str = "DELETE FROM rpc_auth_notices WHERE (node, number) IN (\
                          SELECT node, number FROM rpc_auth_notices WHERE created < now() - make_interval(secs => $1) \
                          ORDER BY created LIMIT $2 FOR UPDATE SKIP LOCKED)";

/// A notice on its way out.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) content: String,
    pub(super) reply: oneshot::Sender<Result<(), Unsent>>,
}

impl Letter {
    fn answer(self, result: Result<(), Unsent>) {
        // Whoever announced it may be gone.
        let _ = self.reply.send(result);
    }
}

/// Why other nodes may not have heard a notice.
#[derive(Debug, Clone, Error)]
pub(super) enum Unsent {
    #[error("the database did not answer in time")]
    TimedOut,
    #[error("the database did not take a notice")]
    Refused(#[source] Arc<sqlx::Error>),
    #[error("too many notices wait to be sent")]
    Full,
    #[error("the bus has been stopped")]
    Stopped,
    #[error("a notice cannot be encoded")]
    Encoding(#[source] Arc<serde_json::Error>),
}

impl Unsent {
    /// Whether it says nothing about the notices that wait behind.
    fn is_of_its_own(&self) -> bool {
        matches!(self, Self::Refused(error) if error.as_database_error().is_some())
    }
}

pub(super) struct Sender {
    shared: Arc<Shared>,
    options: PgConnectOptions,
    queue: mpsc::Receiver<Letter>,
    /// Kept only while nothing has gone wrong with it.
    connection: Option<PgConnection>,
    number: i64,
    is_silent: bool,
}

impl Sender {
    pub(super) fn new(shared: Arc<Shared>, options: PgConnectOptions, queue: mpsc::Receiver<Letter>) -> Self {
        let options = options.application_name("rpc-auth bus: sends");
        Self { shared, options, queue, connection: None, number: 0, is_silent: false }
    }

    pub(super) async fn run(mut self) {
        let (mut beats, mut sweeps) = (interval(BEAT), interval(SWEEP));
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut letters = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = self.shared.stopped.cancelled() => break,
                _ = beats.tick() => self.beat().await,
                () = self.shared.beat_now.notified() => self.beat().await,
                _ = sweeps.tick() => if self.sweep().await == SWEPT_AT_ONCE as u64 {
                    sweeps.reset_after(SWEEP_ON);
                },
                _ = self.queue.recv_many(&mut letters, AT_ONCE) => self.send(letters.drain(..).collect()).await,
            }
        }
        self.finish().await;
    }

    /// Sends what waits, and says goodbye.
    async fn finish(mut self) {
        self.queue.close();
        let mut letters = Vec::new();
        while self.queue.recv_many(&mut letters, AT_ONCE).await > 0 {
            self.send(letters.drain(..).collect()).await;
        }
        if let Some(connection) = self.connection {
            // The server notices anyway.
            let _ = timeout(SHORT, connection.close()).await;
        }
    }

    async fn beat(&mut self) {
        let result = self.try_beat().await;
        if result.is_err() != self.is_silent {
            self.is_silent = result.is_err();
            match result {
                Ok(()) => tracing::info!(event = "bus.sends", "other nodes hear this one again"),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(
                        event = "bus.silent",
                        error,
                        "the database takes no notices: other nodes do not hear this one"
                    );
                }
            }
        }
    }

    async fn try_beat(&mut self) -> Result<(), Unsent> {
        self.connection = Some(self.connected().await?);
        let sent = self.shared.pulse.now().to_string();
        let query = sqlx::query("SELECT pg_notify($1, $2)").bind(self.shared.beat_channel()).bind(sent);
        self.execute(SHORT, query).await?;
        self.settle().await
    }

    /// Tells the other nodes that they may have missed something, if so.
    async fn settle(&mut self) -> Result<(), Unsent> {
        if !self.shared.is_owed.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        let number = self.next_number();
        let text = with_content(&self.shared.node, number, MISSED);
        let settled = self.execute(SHORT, sqlx::query(NOTIFY).bind(CHANNEL).bind(vec![text])).await;
        settled.map(drop).inspect_err(|_| self.shared.owe())
    }

    /// Sends letters, in their order. When the database does not answer one, none that waits behind it is tried.
    async fn send(&mut self, mut letters: VecDeque<Letter>) {
        while let Some(first) = letters.pop_front() {
            let mut batch = vec![first];
            while fits(&batch[0].content) && letters.front().is_some_and(|letter| fits(&letter.content)) {
                batch.extend(letters.pop_front());
            }
            match self.deliver(&batch).await {
                Ok(()) => {
                    self.shared.counts.sent(batch.len());
                    batch.into_iter().for_each(|letter| letter.answer(Ok(())));
                }
                Err(error) => {
                    self.fail(batch, &error);
                    if !error.is_of_its_own() {
                        self.fail(std::mem::take(&mut letters), &error);
                        let queue: Vec<Letter> = std::iter::from_fn(|| self.queue.try_recv().ok()).collect();
                        self.fail(queue, &error);
                    }
                }
            }
        }
    }

    fn fail(&self, letters: impl IntoIterator<Item = Letter>, error: &Unsent) {
        for letter in letters {
            self.shared.counts.unsent(1);
            self.shared.owe();
            letter.answer(Err(error.clone()));
        }
    }

    /// Sends several small ones, or a large one.
    async fn deliver(&mut self, batch: &[Letter]) -> Result<(), Unsent> {
        self.settle().await?;
        let shared = Arc::clone(&self.shared);
        let node = &*shared.node;
        if let [large] = batch
            && !fits(&large.content)
        {
            let number = self.next_number();
            let query = sqlx::query(NOTIFY_LARGE).bind(node).bind(number).bind(&large.content);
            let query = query.bind(CHANNEL).bind(without_content(node, number));
            return self.execute(LONG, query).await.map(drop);
        }
        let texts: Vec<String> =
            batch.iter().map(|letter| with_content(node, self.next_number(), &letter.content)).collect();
        self.execute(LONG, sqlx::query(NOTIFY).bind(CHANNEL).bind(texts)).await.map(drop)
    }

    /// Removes notices that are old. How many.
    async fn sweep(&mut self) -> u64 {
        let query = sqlx::query(DELETE_OLD).bind(KEPT.as_secs_f64()).bind(SWEPT_AT_ONCE);
        match self.execute(SHORT, query).await {
            Ok(rows) => {
                self.shared.counts.swept(rows);
                rows
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::debug!(event = "bus.unswept", error, "old notices could not be removed");
                0
            }
        }
    }

    fn next_number(&mut self) -> i64 {
        self.number += 1;
        self.number
    }

    /// Executes, within a time; the rows. After a failure the connection is another one.
    async fn execute(&mut self, within: Duration, query: Query<'_, Postgres, PgArguments>) -> Result<u64, Unsent> {
        let mut connection = self.connected().await?;
        let done = timeout(within, query.execute(&mut connection)).await.map_err(|_| Unsent::TimedOut)?;
        let rows = done.map_err(|error| Unsent::Refused(Arc::new(error)))?.rows_affected();
        self.connection = Some(connection);
        Ok(rows)
    }

    async fn connected(&mut self) -> Result<PgConnection, Unsent> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        let connect = async {
            let mut connection = PgConnection::connect_with(&self.options).await?;
            // Notices do not outlive a crash, so none waits for a disk.
            connection.execute("SET synchronous_commit = off").await?;
            Ok(connection)
        };
        let connected = timeout(CONNECT, connect).await.map_err(|_| Unsent::TimedOut)?;
        connected.map_err(|error: sqlx::Error| Unsent::Refused(Arc::new(error)))
    }
}

/// `Notice::Missed`, encoded.
const MISSED: &str = "\"missed\"";

#[cfg(test)]
mod tests {
    use rpc_core::Notice;

    #[test]
    fn the_notice_of_missed_ones_is_what_it_says() {
        assert_eq!(serde_json::to_string(&Notice::Missed).unwrap(), super::MISSED);
    }
}
