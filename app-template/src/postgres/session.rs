//! What every connection of the application has in common.

use rpc_auth::postgres::pin_search_path;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Executor, PgConnection};

/// How long one statement of a call may take: longer than any call.
const OF_CALLS: &str = "SET timezone = 'UTC'; SET statement_timeout = '60s'";
const OF_ITS_OWN: &str = "SET timezone = 'UTC'; SET statement_timeout = 0; SET lock_timeout = 0; \
                          SET idle_in_transaction_session_timeout = 0";

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
