//! Waits for a server that is not there yet.

use std::time::Duration;

use sqlx::{ConnectOptions, PgConnection};
use tokio::time::Instant;

use super::retry::has_code;
use super::{DatabaseError, DatabaseOptions, Progress, Report};

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// Codes of a server that starts, stops or has no place now (class 57 and 53300 of the table of Postgres).
const PASSING: [&str; 4] = ["57P01", "57P02", "57P03", "53300"];

/// No such database.
const NO_DATABASE: &str = "3D000";

/// Waits until a connection can be made.
pub(super) async fn wait(options: &DatabaseOptions, report: Report<'_>) -> Result<PgConnection, DatabaseError> {
    let (address, limit, start) = (options.address(), options.startup_wait, Instant::now());
    loop {
        let attempt = tokio::time::timeout_at(start + limit.max(PAUSE), options.connection.connect());
        let silence = |_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
        let error = match attempt.await.unwrap_or_else(silence) {
            Ok(connection) => return Ok(connection),
            Err(error) if !is_not_yet(&error) => return Err(refused(address, options, &error)),
            Err(error) => error,
        };
        let waited = start.elapsed();
        if waited + PAUSE > limit {
            return Err(DatabaseError::Unreachable { address, waited, source: error });
        }
        report(Progress::Waiting { address: &address, error: &error.to_string(), waited, limit });
        tokio::time::sleep(PAUSE).await;
    }
}

fn is_not_yet(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_)) || has_code(error, &PASSING)
}

fn refused(address: String, options: &DatabaseOptions, error: &sqlx::Error) -> DatabaseError {
    let said = error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
    let name = options.connection.get_database().unwrap_or(options.connection.get_username());
    let reason = if has_code(error, &[NO_DATABASE]) { format!("{said}. Try: createdb {name}") } else { said };
    DatabaseError::Refused { address, reason }
}
