//! The connection that a node writes and reads notices with: its own, as many as wait in one statement; those of others; and the
//! sweeping of the table. Strangers have no part in any of it.

use std::collections::{HashSet, VecDeque};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::message::Bell;
use super::outgoing::{NoticeError, OutgoingNotice};
use super::reader::Reader;
use super::{CHANNEL, Shared};
use crate::storage::postgres::pin_search_path;

/// Between two reads, whether or not somebody has rung.
const BEAT: Duration = Duration::from_millis(300);
/// The pause between two sweeps, and the one after a sweep that found as many notices as are swept at once.
const SWEEP: Duration = Duration::from_secs(10);
const SWEEP_ON: Duration = Duration::from_millis(100);
/// How old a notice is that is swept: a node that has not read it by then takes it as missed.
const KEPT: Duration = Duration::from_secs(60);
/// How long every node has to read what is there: one that has not by then takes it as missed.
const READ_BY: Duration = Duration::from_secs(9);
/// Notices that are swept at once.
const SWEPT_AT_ONCE: i64 = 1_000;
/// Notices that are sent at once, and bytes of several.
const AT_ONCE: usize = 256;
const BYTES_AT_ONCE: usize = 256 * 1024;

/// Between two bells that only say that whoever listens hears, and how long none is rung after one was refused.
const PROOF: Duration = Duration::from_secs(5);
const UNRUNG: Duration = Duration::from_secs(1);

/// How long connecting may take, a sweep or a bell, and a notice.
const CONNECT: Duration = Duration::from_secs(1);
const SHORT: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(2);

/// A new connection: notices do not outlive a crash, so none waits for a disk; and the few that are new are found by their key, by
/// this process alone, however large the server takes the table for.
const PREPARE: &str = "SET synchronous_commit = off; SET enable_seqscan = off; SET enable_bitmapscan = off; \
                       SET max_parallel_workers_per_gather = 0; SET jit = off";
const INSERT: &str = "WITH sent AS (
        INSERT INTO rpc_bus_notices (node, number, content)
        SELECT $1, waiting.number, waiting.content FROM unnest($2::int8[], $3::text[]) AS waiting (number, content)
        RETURNING made
     )
     SELECT made::text FROM sent LIMIT 1";
/// A notice is as old as its transaction, which may have ended only now: it is swept when it was there to be read at a sweep
/// before.
const NOW_THERE: &str = "SELECT pg_catalog.pg_current_snapshot()::text";
const DELETE_OLD: &str = "DELETE FROM rpc_bus_notices WHERE (made, node, number) IN (
        SELECT made, node, number FROM rpc_bus_notices
        WHERE created < pg_catalog.now() - pg_catalog.make_interval(secs => $1::float8)
            AND pg_catalog.pg_visible_in_snapshot(made, $3::text::pg_catalog.pg_snapshot)
        ORDER BY created LIMIT $2 FOR UPDATE SKIP LOCKED)";

/// `Notice::Missed`, encoded.
const MISSED: &str = "\"missed\"";

pub(super) struct Sender {
    shared: Arc<Shared>,
    options: PgConnectOptions,
    queue: mpsc::Receiver<OutgoingNotice>,
    /// Kept only while nothing has gone wrong with it.
    connection: Option<PgConnection>,
    reader: Reader,
    number: i64,
    ring_after: Instant,
    is_deaf: bool,
    is_silent: bool,
    /// What there was to be read, and since when that is known.
    readable: Option<(String, Instant)>,
    readable_before: Option<String>,
}

impl Sender {
    pub(super) fn new(shared: Arc<Shared>, options: PgConnectOptions, queue: mpsc::Receiver<OutgoingNotice>) -> Self {
        let reader = Reader::new(Arc::clone(&shared));
        let (connection, number, ring_after) = (None, 0, Instant::now());
        let (is_deaf, is_silent, readable, readable_before) = (false, false, None, None);
        Self {
            shared,
            options,
            queue,
            connection,
            reader,
            number,
            ring_after,
            is_deaf,
            is_silent,
            readable,
            readable_before,
        }
    }

    pub(super) async fn run(mut self) {
        let [mut beats, mut sweeps, mut proofs] = [BEAT, SWEEP, PROOF].map(|period| {
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        let shared = Arc::clone(&self.shared);
        let mut outgoing = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = shared.stopped.cancelled() => break,
                _ = beats.tick() => self.beat().await,
                () = shared.bells.wait() => self.answer().await,
                _ = sweeps.tick() => if self.sweep().await == SWEPT_AT_ONCE as u64 {
                    sweeps.reset_after(SWEEP_ON);
                },
                _ = proofs.tick() => self.ring(0).await,
                _ = self.queue.recv_many(&mut outgoing, AT_ONCE) => self.send(outgoing.drain(..).collect()).await,
            }
        }
        self.finish().await;
    }

    /// Sends what waits, and closes the connection.
    async fn finish(mut self) {
        self.reader.forget();
        self.queue.close();
        let mut outgoing = Vec::new();
        while self.queue.recv_many(&mut outgoing, AT_ONCE).await > 0 {
            self.send(outgoing.drain(..).collect()).await;
        }
        if let Some(connection) = self.connection {
            // The server notices anyway.
            let _ = timeout(SHORT, connection.close()).await;
        }
    }

    /// Reads at the regular time, and tells the others that they may have missed something.
    async fn beat(&mut self) {
        let rung = self.shared.bells.take();
        self.read(rung).await;
        let result = self.settle().await;
        if result.is_err() != self.is_silent {
            self.is_silent = result.is_err();
            match result {
                Ok(()) => tracing::info!(event = "bus.sends", "other nodes hear this one again"),
                Err(error) => {
                    let error = &error as &dyn Error;
                    tracing::warn!(
                        event = "bus.silent",
                        error,
                        "the database takes no notices: other nodes do not hear this one"
                    );
                }
            }
        }
    }

    /// Reads when somebody has rung for something that was not read yet.
    async fn answer(&mut self) {
        let mut rung = self.shared.bells.take();
        rung.retain(|transaction| !self.reader.has_read(*transaction));
        if !rung.is_empty() {
            self.read(rung).await;
        }
    }

    async fn read(&mut self, mut rung: HashSet<u64>) {
        rung.retain(|transaction| !self.reader.has_read(*transaction));
        let result = self.try_read(rung).await;
        if let Err(error) = &result {
            self.reader.forget();
            self.shared.miss();
            if !self.is_deaf {
                let error = error as &dyn Error;
                tracing::warn!(
                    event = "bus.deaf",
                    error,
                    "other nodes are not heard: every token is checked with the database"
                );
            }
        } else if self.is_deaf {
            tracing::info!(event = "bus.hears", "other nodes are heard again");
        }
        self.is_deaf = result.is_err();
    }

    async fn try_read(&mut self, rung: HashSet<u64>) -> Result<(), NoticeError> {
        let mut connection = self.connected().await?;
        let began = Instant::now();
        self.reader.read(&mut connection, rung).await?;
        self.shared.heartbeat.read(began);
        self.connection = Some(connection);
        Ok(())
    }

    /// Tells the other nodes that they may have missed something, if so.
    async fn settle(&mut self) -> Result<(), NoticeError> {
        if !self.shared.is_owed.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        self.insert(&[MISSED], SHORT).await.inspect_err(|_| self.shared.owe())
    }

    /// Sends notices, in their order. When the database does not answer one, none that waits behind it is tried.
    async fn send(&mut self, mut outgoing: VecDeque<OutgoingNotice>) {
        while let Some(first) = outgoing.pop_front() {
            let (mut bytes, mut batch) = (first.content.len(), vec![first]);
            while let Some(next) = outgoing.pop_front_if(|next| bytes + next.content.len() <= BYTES_AT_ONCE) {
                bytes += next.content.len();
                batch.push(next);
            }
            match self.deliver(&batch).await {
                Ok(()) => {
                    self.shared.counts.sent(batch.len());
                    batch.into_iter().for_each(|notice| notice.answer(Ok(())));
                }
                Err(error) => {
                    self.fail(batch, &error);
                    if !error.is_of_its_own() {
                        self.fail(std::mem::take(&mut outgoing), &error);
                        let queue: Vec<OutgoingNotice> = std::iter::from_fn(|| self.queue.try_recv().ok()).collect();
                        self.fail(queue, &error);
                    }
                }
            }
        }
    }

    fn fail(&self, outgoing: impl IntoIterator<Item = OutgoingNotice>, error: &NoticeError) {
        for notice in outgoing {
            self.shared.counts.unsent(1);
            self.shared.owe();
            notice.answer(Err(error.clone()));
        }
    }

    async fn deliver(&mut self, batch: &[OutgoingNotice]) -> Result<(), NoticeError> {
        self.settle().await?;
        let contents: Vec<&str> = batch.iter().map(|notice| &*notice.content).collect();
        self.insert(&contents, LONG).await
    }

    /// Writes notices, and rings. After a failure the connection is another one.
    async fn insert(&mut self, contents: &[&str], within: Duration) -> Result<(), NoticeError> {
        let mut connection = self.connected().await?;
        let first = self.number + 1;
        let numbers: Vec<i64> = (first..).take(contents.len()).collect();
        self.number += i64::try_from(contents.len()).unwrap_or_default();
        let query = sqlx::query_scalar::<_, String>(INSERT).bind(&*self.shared.node).bind(numbers).bind(contents);
        let made = timeout(within, query.fetch_one(&mut connection)).await.map_err(|_| NoticeError::TimedOut)??;
        self.connection = Some(connection);
        self.ring(made.parse().map_err(|_| NoticeError::NotUnderstood)?).await;
        Ok(())
    }

    /// Rings for a transaction, or for none. Others can keep it from that, by a queue that they filled or by ringing all the
    /// time: it waits shortly then, and notices are read a little later.
    async fn ring(&mut self, transaction: u64) {
        if Instant::now() < self.ring_after {
            return;
        }
        let Some(mut connection) = self.connection.take() else { return };
        let bell = Bell { node: &self.shared.node, transaction }.text();
        let statement = format!("SET LOCAL lock_timeout = '50ms'; NOTIFY {CHANNEL}, '{bell}'");
        match timeout(SHORT, connection.execute(AssertSqlSafe(statement))).await {
            Ok(Ok(_)) => self.connection = Some(connection),
            Ok(Err(error)) if error.as_database_error().is_some() => {
                self.connection = Some(connection);
                self.ring_after = Instant::now() + UNRUNG;
                let error = &error as &dyn Error;
                tracing::debug!(event = "bus.unrung", error, "other nodes read the last notices a little later");
            }
            // Whoever needs a connection next makes another one.
            _ => {}
        }
    }

    /// Removes notices that are old. Returns how many.
    async fn sweep(&mut self) -> u64 {
        match self.try_sweep().await {
            Ok(rows) => {
                self.shared.counts.swept(rows);
                rows
            }
            Err(error) => {
                let error = &error as &dyn Error;
                tracing::debug!(event = "bus.unswept", error, "old notices could not be removed");
                0
            }
        }
    }

    async fn try_sweep(&mut self) -> Result<u64, NoticeError> {
        let mut connection = self.connected().await?;
        let is_due = self.readable.as_ref().is_none_or(|(_, since)| since.elapsed() >= READ_BY);
        if is_due {
            let now = sqlx::query_scalar(NOW_THERE).fetch_one(&mut connection);
            let now = timeout(SHORT, now).await.map_err(|_| NoticeError::TimedOut)??;
            let before = self.readable.replace((now, Instant::now()));
            self.readable_before = before.map(|(snapshot, _)| snapshot);
        }
        let mut rows = 0;
        if let Some(before) = &self.readable_before {
            let query = sqlx::query(DELETE_OLD).bind(KEPT.as_secs_f64()).bind(SWEPT_AT_ONCE).bind(before);
            rows = timeout(SHORT, query.execute(&mut connection))
                .await
                .map_err(|_| NoticeError::TimedOut)??
                .rows_affected();
        }
        self.connection = Some(connection);
        Ok(rows)
    }

    async fn connected(&mut self) -> Result<PgConnection, NoticeError> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        // What was written while there was none may be lost with a crash of the server.
        self.reader.forget();
        let connect = async {
            let mut connection = PgConnection::connect_with(&self.options).await?;
            pin_search_path(&mut connection).await?;
            connection.execute(PREPARE).await?;
            Ok(connection)
        };
        let connected = timeout(CONNECT, connect).await.map_err(|_| NoticeError::TimedOut)?;
        connected.map_err(|error: sqlx::Error| error.into())
    }
}

#[cfg(test)]
mod tests {
    use crate::bus::Notice;

    #[test]
    fn the_notice_of_missed_ones_is_what_it_says() {
        assert_eq!(serde_json::to_string(&Notice::Missed).unwrap(), super::MISSED);
    }
}
