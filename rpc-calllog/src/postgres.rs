//! The call log in Postgres, 13 or newer. Behind the feature `postgres`.
//!
//! [`PgLog`] keeps it; [`migrator`] makes its tables, whose names begin with `rpc_calllog_`.
//!
//! Rows are in partitions by days, which are made by whoever writes and removed by retention: the role that writes has to own
//! the tables.

mod buckets;
mod calls;
mod copy;
mod days;
mod lease;
mod migrations;
#[cfg(test)]
mod plans;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use async_trait::async_trait;
use rpc_core::Timestamp;
use rpc_core::storage::postgres::{ATTEMPTS, has_code, is_passing, retrying};
use sqlx::{Connection, PgConnection, PgPool};

use self::lease::Lease;
pub use self::migrations::migrator;
use crate::batch::Batch;
use crate::call::LogRow;
use crate::statistics::{Counts, MethodBucket, Resolution};
use crate::store::{BucketQuery, CallLogStore, Retention, RowQuery, StoreError, WriteError};

/// A transaction in which each statement sees what was committed before it, whatever the database's defaults are, and which
/// the server ends when it does not come on: within the time of an attempt, so that a table that is locked takes one connection
/// and not all, and a node that hangs does not keep the others from writing.
macro_rules! begin {
    ($lock_timeout:literal) => {
        concat!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = '",
            $lock_timeout,
            "'; SET LOCAL statement_timeout = '8s'; SET LOCAL idle_in_transaction_session_timeout = '8s'"
        )
    };
}

const BEGIN: &str = begin!("5s");
/// Of one that locks out others, or that can wait.
const BEGIN_BRIEF: &str = begin!("250ms");

/// When there is no partition for a row. No table has a constraint that fails in the same way.
const NO_PARTITION: &str = "23514";
/// Classes of failures that are the data's: no text, no number, too long for an index.
const REFUSED: [&str; 2] = ["22", "54"];

/// A batch later than the last one of its node. Waits for another attempt at the same one.
const IS_LATER: &str = "INSERT INTO rpc_calllog_nodes AS known (node, sequence, made) VALUES ($1, $2, $3)
     ON CONFLICT (node) DO UPDATE SET sequence = excluded.sequence, made = excluded.made
     WHERE known.sequence < excluded.sequence";

/// Locked in the order of their keys, as by those who write.
const PURGE_BUCKETS: &str = "WITH old AS MATERIALIZED (
        SELECT method, start FROM rpc_calllog_buckets WHERE minutes = $1 AND start < $2 ORDER BY method, start FOR UPDATE
     )
     DELETE FROM rpc_calllog_buckets AS bucket USING old
     WHERE bucket.minutes = $1 AND bucket.method = old.method AND bucket.start = old.start";
const PURGE_NODES: &str = "DELETE FROM rpc_calllog_nodes WHERE made < $1";

/// A call log in Postgres. Clones share their connections.
///
/// A batch is one transaction: its number, its calls by `COPY`, its counts by one upsert, the merged sketches by another one.
/// All lock buckets in the same order, so that nodes never wait for each other in a circle; what they add up is exact. Questions
/// about statistics read buckets only, and cost the same however many calls are logged.
///
/// A write gives up a lock after five seconds, and a statement after eight:
/// [`attempt`](crate::CallLogOptions::attempt) should not be shorter.
///
/// ```no_run
/// use std::sync::Arc;
/// use rpc_calllog::postgres::{PgLog, migrator};
/// use rpc_calllog::{CallLog, CallLogOptions};
/// use rpc_core::SystemClock;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = sqlx::PgPool::connect("postgres://localhost/app").await?;
/// migrator().run(&pool).await?;
/// let calls = CallLog::start(Arc::new(PgLog::new(pool)), Arc::new(SystemClock::default()), CallLogOptions::default());
/// # let _ = calls;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PgLog {
    pool: PgPool,
    /// When to look whether there are partitions for the next days.
    look_at: Arc<AtomicI64>,
}

impl PgLog {
    /// A store over connections to a database that [`migrator`] has run on.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, look_at: Arc::new(AtomicI64::new(i64::MIN)) }
    }

    async fn write_once(&self, batch: &Batch, rows: &[u8]) -> Result<(), sqlx::Error> {
        let mut lease = Lease::of(&self.pool).await?;
        let mut transaction = lease.connection().begin_with(BEGIN).await?;
        if is_later(&mut transaction, batch).await? {
            if !batch.calls().is_empty() {
                calls::write(&mut transaction, rows).await?;
            }
            // Last, since others wait for these locks.
            buckets::merge(&mut transaction, batch).await?;
        }
        transaction.commit().await?;
        lease.end();
        Ok(())
    }

    async fn purge_buckets(&self, resolution: Resolution, before: Timestamp) -> Result<(), sqlx::Error> {
        let purge = || {
            let purge = sqlx::query(PURGE_BUCKETS).bind(buckets::minutes(resolution)).bind(before);
            purge.execute(&self.pool)
        };
        retrying(purge).await.map(drop)
    }
}

#[async_trait]
impl CallLogStore for PgLog {
    async fn write(&self, batch: &Batch) -> Result<(), WriteError> {
        self.make_days_ahead(batch.made()).await;
        let rows = copy::rows(batch.calls());
        for _ in 1..ATTEMPTS {
            match self.write_once(batch, &rows).await {
                Err(error) if has_code(&error, &[NO_PARTITION]) => {
                    if !self.make_days_of(batch.calls()).await.map_err(write_error)? {
                        return Err(WriteError::Refused("a call ended in no year from 1970 to 9999".into()));
                    }
                }
                Err(error) if is_passing(&error) => {}
                done => return done.map_err(write_error),
            }
        }
        self.write_once(batch, &rows).await.map_err(write_error)
    }

    async fn rows(&self, query: &RowQuery<'_>) -> Result<Vec<LogRow>, StoreError> {
        Ok(calls::read(&self.pool, query).await?)
    }

    async fn buckets(&self, query: &BucketQuery<'_>) -> Result<Vec<MethodBucket>, StoreError> {
        Ok(buckets::read(&self.pool, query).await?)
    }

    async fn totals(&self, method: Option<&str>, since: Timestamp) -> Result<Counts, StoreError> {
        Ok(buckets::totals(&self.pool, method, since).await?)
    }

    async fn purge(&self, retention: &Retention) -> Result<(), StoreError> {
        self.purge_buckets(Resolution::Minute, retention.minutes).await?;
        self.purge_buckets(Resolution::TenMinutes, retention.calls).await?;
        sqlx::query(PURGE_NODES).bind(retention.calls).execute(&self.pool).await?;
        self.remove_days_before(retention.calls).await
    }
}

impl fmt::Debug for PgLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgLog").field("connections", &self.pool.size()).finish_non_exhaustive()
    }
}

/// Notes that a batch is being written. `false`: it was before.
async fn is_later(connection: &mut PgConnection, batch: &Batch) -> Result<bool, sqlx::Error> {
    let sequence = batch.id().sequence.cast_signed() ^ i64::MIN;
    let note = sqlx::query(IS_LATER).bind(batch.id().node.0.cast_signed()).bind(sequence);
    Ok(note.bind(batch.made()).execute(connection).await?.rows_affected() == 1)
}

fn write_error(error: sqlx::Error) -> WriteError {
    let code = error.as_database_error().and_then(|error| error.code());
    let is_refused = code.is_some_and(|code| REFUSED.iter().any(|class| code.starts_with(class)));
    if is_refused { WriteError::Refused(Box::new(error)) } else { WriteError::Store(error.into()) }
}
