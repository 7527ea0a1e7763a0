//! The right to change the schema: a table of the application's own, which only its owner can lock. An advisory lock could be
//! taken by any role that may connect, and held for ever.

use std::fmt;
use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection};
use tokio::time::{Instant, timeout};

use super::retry::has_code;
use super::{Database, DatabaseError, Progress, Report, Tables, session};

/// The table that is locked.
pub(super) const TABLE: &str = "_app_lock";

/// What the lock is on, made whole. `one` is the row that a migration locks.
const MAKE: &str = "CREATE TABLE _app_lock (one boolean PRIMARY KEY DEFAULT true CHECK (one)); \
                    INSERT INTO _app_lock VALUES (true)";
const EXISTS: &str = "SELECT pg_catalog.to_regclass('_app_lock') IS NOT NULL";
/// When the role may make no table.
const NO_RIGHT: &str = "42501";
/// When another one has made it at the same moment.
const MADE_MEANWHILE: [&str; 3] = ["23505", "42P07", "42710"];

/// Nothing else ends the transaction that holds the lock.
const BEGIN: &str = "BEGIN; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; \
                     SET LOCAL idle_in_transaction_session_timeout = 0";
/// Held by one at a time, and in nobody's way who reads, makes a backup, or locks the row.
const LOCK: &str = "LOCK TABLE _app_lock IN SHARE ROW EXCLUSIVE MODE";
/// Held by whatever migration is under way: also by one whose program was killed, until the server has noticed.
pub(super) const LOCK_ROW: &str = "SELECT FROM _app_lock FOR UPDATE";

/// How long a wait for the lock is silent, and the pause between two reports.
const PATIENCE: Duration = Duration::from_millis(500);
const BETWEEN_WORDS: Duration = Duration::from_secs(10);
/// How long the server may take to say who holds it.
const ASKING: Duration = Duration::from_secs(2);

/// Who keeps the process `$1` of the server waiting.
const HOLDERS: &str = "SELECT pg_catalog.concat('process ', pid, ' of ', usename, \
            CASE WHEN application_name <> '' THEN pg_catalog.concat(' (', application_name, ')') END, \
            CASE WHEN client_addr IS NOT NULL THEN pg_catalog.concat(' at ', pg_catalog.host(client_addr)) END) \
     FROM pg_catalog.pg_stat_activity WHERE pid = ANY (pg_catalog.pg_blocking_pids($1)) ORDER BY pid";

/// The right to change the schema, and whatever else one node does for all: held until it is given back or dropped.
pub struct MigrationLock {
    holder: PgConnection,
    /// What changes the schema, in transactions of its own.
    pub(super) worker: PgConnection,
    pub(super) tables: Vec<Tables>,
}

impl fmt::Debug for MigrationLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MigrationLock")
    }
}

impl Database {
    /// Waits until no other node changes the schema, and keeps them from it. Tells whom it waits for.
    ///
    /// # Errors
    ///
    /// The server fails, the role may make no table, or another node holds the lock for longer than the options say.
    pub async fn lock(&self, report: Report<'_>) -> Result<MigrationLock, DatabaseError> {
        let mut holder = session::connect(&self.options().connection).await?;
        make(&mut holder).await.map_err(|error| self.refused(error))?;
        let mut worker = session::connect(&self.options().connection).await?;
        let waiting = Waiting { database: self, report, began: Instant::now() };
        holder.execute(BEGIN).await?;
        waiting.for_lock(&mut holder, LOCK).await?;
        // Of a node that was killed the server may still do what it was asked to.
        waiting.for_lock(&mut worker, LOCK_ROW).await?;
        Ok(MigrationLock { holder, worker, tables: self.options().tables.clone() })
    }

    /// Why the table cannot be made: a role that may make none is told so, with the way out.
    fn refused(&self, error: sqlx::Error) -> DatabaseError {
        if !has_code(&error, &[NO_RIGHT]) {
            return DatabaseError::Failed(error);
        }
        let role = self.options().connection.get_username();
        let said = error.as_database_error().map(|error| error.message()).unwrap_or_default();
        let reason = format!("{said}. Try: GRANT USAGE, CREATE ON SCHEMA public TO {role}");
        DatabaseError::Refused { address: self.options().address(), reason }
    }
}

impl MigrationLock {
    /// Gives it back.
    ///
    /// # Errors
    ///
    /// The server fails; it is given back nevertheless.
    pub async fn unlock(mut self) -> Result<(), DatabaseError> {
        self.holder.execute("COMMIT").await?;
        self.worker.close().await?;
        Ok(self.holder.close().await?)
    }
}

/// Makes what is locked, where it is missing.
async fn make(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if sqlx::query_scalar(EXISTS).fetch_one(&mut *connection).await? {
        return Ok(());
    }
    match connection.execute(MAKE).await {
        Err(error) if !has_code(&error, &MADE_MEANWHILE) => Err(error),
        _ => Ok(()),
    }
}

/// A wait for a lock: it is reported, and it ends.
struct Waiting<'a> {
    database: &'a Database,
    report: Report<'a>,
    began: Instant,
}

impl Waiting<'_> {
    async fn for_lock(&self, connection: &mut PgConnection, lock: &'static str) -> Result<(), DatabaseError> {
        let process: i32 = sqlx::query_scalar("SELECT pg_catalog.pg_backend_pid()").fetch_one(&mut *connection).await?;
        let limit = self.database.options().lock_wait;
        let mut locked = std::pin::pin!(connection.execute(lock));
        let mut pause = PATIENCE;
        loop {
            let left = limit.saturating_sub(self.began.elapsed());
            if let Ok(locked) = timeout(pause.min(left), &mut locked).await {
                return Ok(locked.map(drop)?);
            }
            let (holder, waited) = (self.holder(process).await, self.began.elapsed());
            if waited >= limit {
                return Err(DatabaseError::Locked { holder, waited });
            }
            (self.report)(Progress::Locked { holder: &holder, waited, limit });
            pause = BETWEEN_WORDS;
        }
    }

    /// Who holds it, as far as the server says so.
    async fn holder(&self, process: i32) -> String {
        let asked = sqlx::query_scalar::<_, String>(HOLDERS).bind(process).fetch_all(self.database.pool());
        match timeout(ASKING, asked).await {
            Ok(Ok(holders)) if !holders.is_empty() => holders.join(", "),
            _ => "somebody whom the server does not name".to_owned(),
        }
    }
}
