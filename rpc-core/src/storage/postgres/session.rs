//! What every connection has in common.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Executor, PgConnection};

/// The schema in which a connection makes tables, before what sessions make for themselves. The server's own names go first, as
/// they always do where they are not named.
const PIN: &str = "SELECT pg_catalog.set_config('search_path', \
                   pg_catalog.format('%I, pg_temp', pg_catalog.current_schema()), false)";

/// How long one statement of a call may take: longer than any call.
const OF_CALLS: &str = "SET timezone = 'UTC'; SET statement_timeout = '60s'";
const OF_ITS_OWN: &str = "SET timezone = 'UTC'; SET statement_timeout = 0; SET lock_timeout = 0; \
                          SET idle_in_transaction_session_timeout = 0";

/// Lets a connection look names up in one schema only: the first of its search path that exists, which is `public` unless the
/// role, the database or the address say otherwise. Done before anything else, so that no schema that appears while the connection
/// lives comes before that of the tables.
///
/// A statement rather than a parameter of the connection, which poolers refuse.
///
/// # Errors
///
/// The server fails, or the search path names no schema that exists and that the role may use.
pub async fn pin_search_path(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute(PIN).await.map(drop)
}

/// Prepares a connection of the pool. By statements, since poolers refuse parameters of connections.
pub(super) async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    pin_search_path(connection).await?;
    connection.execute(OF_CALLS).await.map(drop)
}

/// A connection outside of the pool, whose statements take as long as they do.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    pin_search_path(&mut connection).await?;
    connection.execute(OF_ITS_OWN).await?;
    Ok(connection)
}
