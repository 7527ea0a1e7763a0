//! Everything in a Postgres database, which several nodes may share. Behind the feature `postgres`, which is on by default.

mod settings;

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use rpc_auth::postgres::PgStore;
use rpc_calllog::postgres::PgLog;
use rpc_core::http::Readiness;
use rpc_core::storage::Component;
use rpc_core::storage::postgres::{
    Database, DatabaseError, DatabaseOptions, MigrationLock, PgBus, Progress, Report, Tables,
};
use sqlx::postgres::PgConnectOptions;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

pub use self::settings::PgSettings;
use super::{Backend, Migrations, Storage, Target, pending};
use crate::app::AppParts;
use crate::failure::{Exit, Failure};
use crate::log::MessageFormat;
use crate::metrics::{DatabaseCounter, DatabaseCounts};
use crate::settings::SecretBox;
use crate::{naming, output};

/// A step that takes less is not reported to people.
const QUICK: Duration = Duration::from_millis(500);

/// How long `/readyz` waits for the database.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// The tables that the program of this process adds, which says so once.
static OWN: OnceLock<Vec<Tables>> = OnceLock::new();

/// Adds tables to those of the application.
pub(crate) fn declare(own: Vec<Tables>) {
    OWN.get_or_init(|| own);
}

/// The tables of the application, in the order in which they are made; then those that the program adds.
#[must_use]
pub fn tables() -> Vec<Tables> {
    let own = OWN.get().into_iter().flatten().copied();
    let application = [
        ("bus", "rpc_bus_", PgBus::migrator as fn() -> _),
        ("accounts", "rpc_auth_", rpc_auth::postgres::migrator),
        ("call log", "rpc_calllog_", rpc_calllog::postgres::migrator),
        ("settings", "app_settings", PgSettings::migrator),
    ]
    .map(|(name, prefix, migrator)| Tables { name, prefix, migrator });
    application.into_iter().chain(own).collect()
}

pub(super) struct Postgres;

#[async_trait(?Send)]
impl Backend for Postgres {
    async fn open(&self, target: Target<'_>, migrations: Migrations) -> Result<Box<dyn Storage>, Failure> {
        let report = report(target.message_format);
        let database = connect(target, &report).await?;
        let lock = match migrations {
            Migrations::Apply => {
                let mut lock = database.lock(&report).await?;
                lock.migrate(&report).await?;
                warn_of_others(&database).await?;
                Some(lock)
            }
            Migrations::Require => {
                require_current(&database).await?;
                None
            }
        };
        let tasks = TaskTracker::new();
        let bus = Arc::new(PgBus::start(database.options().connection.clone(), &tasks));
        Ok(Box::new(Node { database, bus, tasks, lock, secrets: target.config.secrets.clone() }))
    }

    async fn migrate(&self, target: Target<'_>) -> Result<Vec<Component>, Failure> {
        let report = report(target.message_format);
        let database = connect(target, &report).await?;
        let mut lock = database.lock(&report).await?;
        lock.migrate(&report).await?;
        lock.unlock().await?;
        Ok(database.components().await?)
    }

    async fn components(&self, target: Target<'_>) -> Result<Vec<Component>, Failure> {
        Ok(connect(target, &report(target.message_format)).await?.components().await?)
    }
}

/// A database, and what this node has of it.
struct Node {
    database: Database,
    bus: Arc<PgBus>,
    /// Those of the bus.
    tasks: TaskTracker,
    lock: Option<MigrationLock>,
    secrets: SecretBox,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Postgres at {}", self.database.options().address())
    }
}

#[async_trait]
impl Storage for Node {
    fn kind(&self) -> &'static str {
        "postgres"
    }

    fn lasts(&self) -> bool {
        true
    }

    fn parts(&self) -> Result<AppParts, Failure> {
        let pool = self.database.pool();
        Ok(AppParts {
            accounts: Arc::new(PgStore::new(pool.clone())),
            settings: Arc::new(PgSettings::new(pool.clone(), self.secrets.clone())),
            call_log: Arc::new(PgLog::new(pool.clone())),
            bus: Arc::clone(&self.bus) as _,
            ..AppParts::in_memory()?
        })
    }

    async fn prepared(&mut self) -> Result<(), Failure> {
        match self.lock.take() {
            Some(lock) => Ok(lock.unlock().await?),
            None => Ok(()),
        }
    }

    fn readiness(&self) -> Arc<dyn Readiness> {
        Arc::new(DatabaseReady(self.database.clone()))
    }

    fn counter(&self) -> Option<DatabaseCounter> {
        let (database, bus) = (self.database.clone(), Arc::clone(&self.bus));
        Some(Arc::new(move || {
            let (pool, bus) = (database.pool(), bus.counters());
            DatabaseCounts {
                connections: pool.size() as usize,
                idle: pool.num_idle(),
                max: database.options().connections as usize,
                sent: bus.sent,
                unsent: bus.unsent,
                heard: bus.heard,
                missed: bus.missed,
                listens: bus.connections,
                forged: bus.forged,
                heartbeat_age: bus.heartbeat_age,
            }
        }))
    }

    fn pool(&self) -> Option<sqlx::PgPool> {
        Some(self.database.pool().clone())
    }

    async fn close(self: Box<Self>) {
        self.bus.stop();
        self.tasks.close();
        self.tasks.wait().await;
        self.database.close().await;
    }
}

/// Waits for the configured database.
async fn connect(Target { url, config, .. }: Target<'_>, report: Report<'_>) -> Result<Database, Failure> {
    let connection = PgConnectOptions::from_str(url.expose()).map_err(|error| {
        let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        Failure::new(Exit::Configuration, format!("{}: {cause}", config.source))
    })?;
    let options = DatabaseOptions {
        connections: config.connections.get(),
        acquire_timeout: config.timeout,
        startup_wait: config.wait,
        lock_wait: config.lock_wait,
        ..DatabaseOptions::new(connection.application_name(naming::name()), tables())
    };
    Ok(Database::connect(options, report).await?)
}

/// Warns of what other roles of the server may do here.
async fn warn_of_others(database: &Database) -> Result<(), DatabaseError> {
    for exposure in database.exposures().await? {
        tracing::warn!(event = "storage.exposed", "{exposure}");
    }
    Ok(())
}

/// Reports steps from now on: to programs always, to people when it takes a while.
fn report(message_format: MessageFormat) -> impl Fn(Progress<'_>) + Sync {
    let start = Instant::now();
    move |progress| match message_format {
        MessageFormat::Events => tracing::info!(event = progress.event(), "{progress}"),
        MessageFormat::Sentences if start.elapsed() >= QUICK || matches!(progress, Progress::Waiting { .. }) => {
            output::note(progress);
        }
        MessageFormat::Sentences => {}
    }
}

/// Refuses a schema that is not up to date, for commands that do not change it.
async fn require_current(database: &Database) -> Result<(), Failure> {
    match pending(&database.components().await?) {
        Some(pending) => Err(Failure::new(Exit::Storage, pending)),
        None => Ok(()),
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        let hint = match error {
            DatabaseError::Unreachable { .. } => "\n  Try: start it, or name another one with --database-url",
            DatabaseError::Newer { .. } => "\n  Try: the newer program, or a copy of the database from before it",
            DatabaseError::Locked { .. } => {
                "\n  Try: wait for it to end, or SELECT pg_terminate_backend(…) with the number of the process"
            }
            DatabaseError::NoSchema => {
                "\n  Try: GRANT USAGE, CREATE ON SCHEMA public, or ALTER ROLE … SET search_path = …"
            }
            DatabaseError::ForeignTables(_) => {
                "\n  Try: DROP what is not yours, or ALTER TABLE … OWNER TO the role of this program; then REVOKE CREATE ON SCHEMA"
            }
            DatabaseError::Foreign { .. } => "\n  Try: another database, or the program that made this one",
            _ => "",
        };
        Self::new(Exit::Storage, format!("{error}{hint}"))
    }
}

/// Whether the database answers, and soon.
struct DatabaseReady(Database);

#[async_trait]
impl Readiness for DatabaseReady {
    async fn is_ready(&self) -> bool {
        tokio::time::timeout(READY_WITHIN, self.0.is_ready()).await.unwrap_or(false)
    }
}
