//! What stores in Postgres, 13 or newer, have in common. Behind the feature `postgres`.
//!
//! [`Database`] waits for a server, refuses one where others could run code as this application, keeps its connections, and
//! brings the [`Tables`] of all crates up to date under one [lock](MigrationLock). [`PgBus`] tells other nodes what has changed.
//!
//! A crate that owns tables binds and reads [`Timestamp`](crate::Timestamp)s as they are, does again what failed because of
//! others ([`retrying`]), and has the server's errors as [`StoreError`](super::StoreError)s.
//!
//! Nothing is believed that a role without rights in these tables can say. Connections [look names up](pin_search_path) in the
//! schema of the tables only.

mod bus;
mod connect;
mod error;
mod lock;
mod migrate;
mod progress;
mod retry;
mod session;
mod tables;
mod timestamp;
mod trust;

use std::fmt;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

pub use self::bus::{PgBus, PgBusCounters};
pub use self::error::DatabaseError;
pub use self::lock::MigrationLock;
pub use self::progress::{Progress, Report};
pub use self::retry::{ATTEMPTS, has_code, is_passing, retrying};
pub use self::session::pin_search_path;
pub use self::tables::Tables;
pub use self::timestamp::timestamptz;

/// A connection that was idle for longer is tried before it is used: the server may have ended it.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// How to reach Postgres.
#[derive(Clone)]
pub struct DatabaseOptions {
    /// Where it is, and as whom.
    pub connection: PgConnectOptions,
    /// The tables of the application, in the order in which they are made.
    pub tables: Vec<Tables>,
    /// The most connections of this node for calls. The bus has two more.
    pub connections: u32,
    /// How long a call waits for a connection; then it is refused with 503.
    pub acquire_timeout: Duration,
    /// How long a start waits for the server to answer.
    pub startup_wait: Duration,
    /// How long a start waits for another node that changes the schema.
    pub lock_wait: Duration,
}

impl DatabaseOptions {
    /// The defaults: 10 connections, 3 s for one, 30 s for the server at start, 10 minutes for another node.
    #[must_use]
    pub fn new(connection: PgConnectOptions, tables: Vec<Tables>) -> Self {
        let (acquire_timeout, startup_wait) = (Duration::from_secs(3), Duration::from_secs(30));
        let lock_wait = Duration::from_mins(10);
        Self { connection, tables, connections: 10, acquire_timeout, startup_wait, lock_wait }
    }

    /// Where the database is, for people: never the password.
    #[must_use]
    pub fn address(&self) -> String {
        let options = &self.connection;
        let name = options.get_database().unwrap_or(options.get_username());
        match options.get_socket() {
            Some(folder) => format!("{}/{name}", folder.display()),
            None => format!("{}:{}/{name}", options.get_host(), options.get_port()),
        }
    }
}

impl fmt::Debug for DatabaseOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseOptions")
            .field("address", &self.address())
            .field("connections", &self.connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("startup_wait", &self.startup_wait)
            .field("lock_wait", &self.lock_wait)
            .finish_non_exhaustive()
    }
}

/// A Postgres database that answers.
#[derive(Debug, Clone)]
pub struct Database {
    options: DatabaseOptions,
    pool: PgPool,
}

impl Database {
    /// Waits until the server answers, for as long as the options say, and reports while it waits.
    ///
    /// # Errors
    ///
    /// It does not answer in time, it answers that it will never do, or tables of the application belong to somebody else.
    pub async fn connect(options: DatabaseOptions, report: Report<'_>) -> Result<Self, DatabaseError> {
        let mut first = connect::wait(&options, report).await?;
        trust::check(&mut first, &options.tables).await?;
        first.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(options.connections)
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, idle| {
                Box::pin(async move {
                    if idle.idle_for > TRUSTED_IDLE {
                        Connection::ping(connection).await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(|connection, _| Box::pin(session::prepare(connection)))
            .connect_lazy_with(options.connection.clone());
        Ok(Self { options, pool })
    }

    /// The connections for calls.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// How it is reached.
    #[must_use]
    pub fn options(&self) -> &DatabaseOptions {
        &self.options
    }

    /// What other roles of the server could do to the application that they should not, each with how to keep them from it.
    ///
    /// # Errors
    ///
    /// The server fails.
    pub async fn exposures(&self) -> Result<Vec<String>, DatabaseError> {
        let mut connection = self.pool.acquire().await?;
        Ok(trust::exposures(&mut connection).await?)
    }

    /// Whether it answers now, and can be written to.
    pub async fn is_ready(&self) -> bool {
        // Also on in a standby server, and where an operator wants no changes for a while.
        let query = "SELECT pg_catalog.current_setting('transaction_read_only')::boolean";
        let asked = sqlx::query_scalar::<_, bool>(query).fetch_one(&self.pool).await;
        asked.is_ok_and(|is_read_only| !is_read_only)
    }

    /// Ends all connections, when those that are in use are given back.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
