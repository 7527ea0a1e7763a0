//! One node on a Postgres database.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rpc_auth::postgres::{PgBus, PgStore};
use rpc_calllog::postgres::PgLog;
use rpc_core::http::Readiness;
use sqlx::postgres::PgConnectOptions;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::Schema;
use crate::app::AppParts;
use crate::cli::NAME;
use crate::config::{DatabaseUrl, StorageSettings};
use crate::failure::{Exit, Failure};
use crate::log::Audience;
use crate::metrics::{DatabaseCounter, DatabaseCounts};
use crate::output;
use crate::postgres::{Component, Database, DatabaseError, DatabaseOptions, MigrationLock, Progress};
use crate::settings::{PgSettings, SecretBox};

/// What takes less is not told to people.
const QUICK: Duration = Duration::from_millis(500);

/// How long `/readyz` waits for the database.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// A database, and what this node has of it.
#[derive(Debug)]
pub(crate) struct Node {
    database: Database,
    bus: Arc<PgBus>,
    /// Those of the bus.
    tasks: TaskTracker,
    lock: Option<MigrationLock>,
    secrets: SecretBox,
}

impl Node {
    pub(super) async fn open(
        url: &DatabaseUrl,
        settings: &StorageSettings,
        schema: Schema,
        audience: Audience,
    ) -> Result<Self, Failure> {
        let start = Instant::now();
        let report = move |progress: Progress<'_>| tell(&progress, start, audience);
        let database = connect(url, settings, &report).await?;
        let lock = match schema {
            Schema::Migrate => {
                let mut lock = database.lock(&report).await?;
                lock.migrate(&report).await?;
                warn_of_others(&database).await?;
                Some(lock)
            }
            Schema::Require => {
                require_current(&database).await?;
                None
            }
        };
        let tasks = TaskTracker::new();
        let bus = PgBus::start(database.options().connection.clone(), &tasks);
        let bus = Arc::new(bus.map_err(|error| Failure::new(Exit::Failure, error))?);
        Ok(Self { database, bus, tasks, lock, secrets: settings.secrets.clone() })
    }

    pub(super) fn parts(&self, parts: AppParts) -> AppParts {
        let pool = self.database.pool();
        AppParts {
            accounts: Arc::new(PgStore::new(pool.clone())),
            settings: Arc::new(PgSettings::new(pool.clone(), self.secrets.clone())),
            call_log: Arc::new(PgLog::new(pool.clone())),
            bus: Arc::clone(&self.bus) as _,
            ..parts
        }
    }

    pub(super) async fn unlock(&mut self) -> Result<(), Failure> {
        match self.lock.take() {
            Some(lock) => Ok(lock.unlock().await?),
            None => Ok(()),
        }
    }

    pub(super) fn readiness(&self) -> Arc<dyn Readiness> {
        Arc::new(DatabaseReady(self.database.clone()))
    }

    pub(super) fn counter(&self) -> DatabaseCounter {
        let (database, bus) = (self.database.clone(), Arc::clone(&self.bus));
        Arc::new(move || {
            let (pool, bus) = (database.pool(), bus.counters());
            DatabaseCounts {
                connections: pool.size() as usize,
                idle: pool.num_idle(),
                most: database.options().connections as usize,
                sent: bus.sent,
                unsent: bus.unsent,
                heard: bus.heard,
                missed: bus.missed,
                listens: bus.connections,
                forged: bus.forged,
                heartbeat_age: bus.heartbeat_age,
            }
        })
    }

    pub(super) async fn close(self) {
        self.bus.stop();
        self.tasks.close();
        self.tasks.wait().await;
        self.database.close().await;
    }

    pub(super) fn place(&self) -> String {
        self.database.options().place()
    }
}

/// Waits for the database that the settings name.
pub(crate) async fn connect(
    url: &DatabaseUrl,
    settings: &StorageSettings,
    report: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Database, Failure> {
    let connection = PgConnectOptions::from_str(url.expose()).map_err(|error| {
        let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        Failure::new(Exit::Configuration, format!("{}: {cause}", settings.source))
    })?;
    let options = DatabaseOptions {
        connections: settings.connections.get(),
        acquire_timeout: settings.timeout,
        startup_wait: settings.wait,
        lock_wait: settings.lock_wait,
        ..DatabaseOptions::new(connection.application_name(NAME))
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

/// Tells a step: programs always, people when it takes a while.
pub(crate) fn tell(progress: &Progress<'_>, start: Instant, audience: Audience) {
    match audience {
        Audience::Programs => tracing::info!(event = progress.event(), "{progress}"),
        Audience::People if start.elapsed() >= QUICK || matches!(progress, Progress::Waiting { .. }) => {
            output::note(progress);
        }
        Audience::People => {}
    }
}

/// Refuses a schema that is not up to date, for commands that do not change it.
async fn require_current(database: &Database) -> Result<(), Failure> {
    match pending(&database.components().await?) {
        Some(pending) => Err(Failure::new(Exit::Storage, pending)),
        None => Ok(()),
    }
}

/// That something is to be done to the schema, if anything is.
pub(crate) fn pending(components: &[Component]) -> Option<String> {
    let count: usize = components.iter().map(|component| component.pending.len()).sum();
    let migrations = if count == 1 { "migration is" } else { "migrations are" };
    (count > 0).then(|| format!("{count} {migrations} pending. Try: {NAME} migrate"))
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
