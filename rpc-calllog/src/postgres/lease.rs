//! A connection for a transaction that may be given up at any moment.

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres};

/// A connection that goes back to the pool when a transaction went well, and is closed otherwise.
///
/// One that was given up may be within a `COPY`, from which the driver does not find out, or wait for a server that does not
/// answer: it would be missing from the pool.
pub(super) struct Lease {
    connection: PoolConnection<Postgres>,
    is_well: bool,
}

impl Lease {
    pub(super) async fn of(pool: &PgPool) -> Result<Self, sqlx::Error> {
        Ok(Self { connection: pool.acquire().await?, is_well: false })
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Gives the connection back.
    pub(super) fn end(mut self) {
        self.is_well = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.is_well {
            self.connection.close_on_drop();
        }
    }
}
