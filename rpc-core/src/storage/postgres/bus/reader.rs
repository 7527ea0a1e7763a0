//! What a node hears: the rows that others wrote since it read last.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::bus::Notice;
use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use tokio::time::timeout;

use super::Shared;
use super::message::{LONGEST, decode};
use super::outgoing::NoticeError;
use super::snapshot::Snapshot;

/// How long the server may take for the next row.
const SHORT: Duration = Duration::from_secs(1);
/// How far apart two reads may be, by the server's clock, in seconds. Rows are kept for longer than that.
const FURTHEST: f64 = 30.0;

/// It looks at the table, so that it fails where [`READ`] would: on a standby server, or without rights.
const FIRST: &str = "SELECT pg_catalog.pg_current_snapshot()::text AS seen,
        pg_catalog.date_part('epoch', pg_catalog.statement_timestamp()) AS moment,
        EXISTS (SELECT FROM rpc_bus_notices)";

/// What this statement sees and the last one did not, in the order in which each node wrote it: what was written by transactions
/// from `$1` on, and by those that were running then, `$2`. It looks at nothing else, however long somebody lets a transaction
/// run. `$3` is this node, `$4` the longest content. There is one row at least, for the snapshot.
const READ: &str = "SELECT now.seen::text AS seen, now.moment, notice.made::text AS made,
        CASE WHEN pg_catalog.octet_length(notice.content) <= $4 THEN notice.content END AS content
     FROM (
        SELECT pg_catalog.pg_current_snapshot() AS seen,
            pg_catalog.date_part('epoch', pg_catalog.statement_timestamp()) AS moment
     ) AS now LEFT JOIN (
        SELECT made, node, number, content FROM rpc_bus_notices WHERE made >= $1::pg_catalog.xid8
        UNION ALL
        SELECT made, node, number, content FROM rpc_bus_notices WHERE made = ANY ($2::pg_catalog.xid8[])
     ) AS notice ON notice.node <> $3
     ORDER BY notice.made, notice.node, notice.number";

/// Where reading has come to.
struct Position {
    snapshot: Snapshot,
    moment: f64,
}

impl Position {
    fn of(row: &PgRow) -> Result<Self, NoticeError> {
        let snapshot = Snapshot::read(row.try_get("seen")?).ok_or(NoticeError::NotUnderstood)?;
        Ok(Self { snapshot, moment: row.try_get("moment")? })
    }
}

/// Reads notices, one connection after the other.
pub(super) struct Reader {
    shared: Arc<Shared>,
    position: Option<Position>,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, position: None }
    }

    /// Whether what a transaction did was read, if there was anything to be read.
    pub(super) fn has_read(&self, transaction: u64) -> bool {
        self.position.as_ref().is_some_and(|position| position.snapshot.has(transaction))
    }

    /// What was written from now on may be lost: the server may have crashed.
    pub(super) fn forget(&mut self) {
        if self.position.take().is_some() {
            self.shared.heartbeat.lost();
        }
    }

    /// Tells this node what others have written since the last time. `rung` are transactions that somebody said had written
    /// something.
    pub(super) async fn read(
        &mut self,
        connection: &mut PgConnection,
        mut rung: HashSet<u64>,
    ) -> Result<(), NoticeError> {
        let Some(last) = &self.position else { return self.begin(connection).await };
        let longest = i32::try_from(LONGEST).unwrap_or(i32::MAX);
        let running: Vec<String> = last.snapshot.running.iter().map(u64::to_string).collect();
        let query = sqlx::query(READ).bind(last.snapshot.next.to_string()).bind(running);
        let query = query.bind(&*self.shared.node).bind(longest);
        let mut rows = query.fetch(connection);
        let (mut next, mut is_missing) = (None, false);
        while let Some(row) = timeout(SHORT, rows.try_next()).await.map_err(|_| NoticeError::TimedOut)?? {
            if let Some(made) = row.try_get::<Option<&str>, _>("made")? {
                if let Ok(made) = made.parse::<u64>() {
                    rung.remove(&made);
                }
                is_missing |= !self.shared.take(row.try_get("content")?);
            }
            next = Some(Position::of(&row)?);
        }
        drop(rows);
        let next = next.ok_or(NoticeError::NotUnderstood)?;
        if is_missing {
            tracing::warn!(event = "bus.unread", "a notice of another node cannot be read: it is taken as missed");
        }
        // Rows may have been swept meanwhile.
        if is_missing || (next.moment - last.moment).abs() > FURTHEST {
            self.shared.miss();
        }
        self.position = Some(next);
        if !rung.is_empty() {
            self.shared.forged(rung.len() as u64);
        }
        Ok(())
    }

    /// Begins with what is written from now on.
    async fn begin(&mut self, connection: &mut PgConnection) -> Result<(), NoticeError> {
        let first =
            timeout(SHORT, sqlx::query(FIRST).fetch_one(connection)).await.map_err(|_| NoticeError::TimedOut)??;
        self.position = Some(Position::of(&first)?);
        // Not before: what is read from now on is no older than what is heard next.
        self.shared.miss();
        Ok(())
    }
}

impl Shared {
    /// Tells this node what another one wrote. Returns whether it could be read.
    fn take(&self, content: Option<&str>) -> bool {
        self.counts.heard();
        let notice = content.and_then(decode);
        match &notice {
            Some(Notice::Missed) => self.miss(),
            Some(notice) => self.local.tell(notice),
            None => {}
        }
        notice.is_some()
    }

    /// Bells were heard that nobody of the application rang.
    pub(super) fn forged(&self, bells: u64) {
        self.counts.forged(bells);
        self.bells.forged(bells);
    }
}
