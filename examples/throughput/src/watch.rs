//! What watches the calls of the server: a journal, nothing, or a call log.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use rpc_calllog::postgres::{PgLog, migrator};
use rpc_calllog::{CallLog, CallLogOptions, CallLogStore, MemoryLog};
use rpc_core::SystemClock;
use sqlx::postgres::PgPoolOptions;

/// What watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Watch {
    /// Counts calls, and keeps the last 256.
    #[default]
    Journal,
    /// Nothing.
    Off,
    /// A call log in memory.
    Memory,
    /// A call log in Postgres.
    Postgres,
}

/// How long a log may take to write what waits when the server stops.
const STOP: Duration = Duration::from_secs(30);

/// Starts a call log where one watches. `database` is the URL of the one in Postgres; its tables are made.
///
/// # Errors
///
/// The database is not told, or does not answer.
pub async fn start(watch: Watch, database: Option<&str>) -> Result<Option<CallLog>, Box<dyn Error + Send + Sync>> {
    let store: Arc<dyn CallLogStore> = match watch {
        Watch::Journal | Watch::Off => return Ok(None),
        Watch::Memory => Arc::new(MemoryLog::default()),
        Watch::Postgres => {
            let url = database.ok_or("a log in Postgres needs --database")?;
            let pool = PgPoolOptions::new().max_connections(2).connect(url).await?;
            migrator().run(&pool).await?;
            Arc::new(PgLog::new(pool))
        }
    };
    Ok(Some(CallLog::start(store, Arc::new(SystemClock::default()), CallLogOptions::default())))
}

/// Writes what waits, and tells what became of all calls.
pub async fn stop(log: &CallLog) -> String {
    log.stop(STOP).await;
    let counters = log.counters();
    format!("logged {}, dropped {}, failures {}", counters.written, counters.dropped, counters.failures)
}
