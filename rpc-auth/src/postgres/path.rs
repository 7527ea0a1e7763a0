//! Where a connection looks names up.

use sqlx::{Executor, PgConnection};

/// The schema in which a connection makes tables, before what sessions make for themselves. The server's own names go first, as
/// they always do where they are not named.
const PIN: &str = "SELECT pg_catalog.set_config('search_path', \
                   pg_catalog.format('%I, pg_temp', pg_catalog.current_schema()), false)";

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
