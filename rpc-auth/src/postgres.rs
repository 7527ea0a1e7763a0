//! Accounts in Postgres, 13 or newer. Behind the feature `postgres`.
//!
//! [`PgStore`] keeps them; [`migrator`] makes their tables, whose names begin with `rpc_auth_`.
//!
//! Triggers of these tables write what changes for the holders of tokens where all nodes read it, in the transaction that
//! changes it: a node that dies between a change and its announcement, and whoever changes rows with SQL, leave no node
//! behind with what it knew before. Whoever changes accounts is the role that owns the tables, or may insert into
//! `rpc_bus_notices`, the table of the [bus](rpc_core::storage::postgres::PgBus), which is made first. [`Accounts`](crate::Accounts) announces all the same, as over any store and any bus: this node's
//! listeners are told by that before the change is answered for.
//!
//! Searches among users take an index of the extension `pg_trgm`, which the migration creates where it may. Where it may not,
//! they read all users, until a superuser creates the extension and somebody makes the index:
//!
//! ```sql
//! CREATE INDEX rpc_auth_users_search ON rpc_auth_users USING gin
//!     (lowered_name gin_trgm_ops, lowered_email gin_trgm_ops, lowered_telegram_name gin_trgm_ops) WITH (fastupdate = off);
//! ```
//!
//! Nothing is believed that a role without rights in these tables can say: notifications, which any role may send and hear, only
//! make nodes read them sooner. The connections of an application look names up in the schema of the tables
//! [only](rpc_core::storage::postgres::pin_search_path), and statements name what others could overload there.

mod api_tokens;
mod authority;
mod confirmations;
mod list;
mod migrations;
mod networks;
mod rows;
mod sessions;
mod touch;
mod users;

use std::fmt;

use sqlx::{PgPool, Postgres, Transaction};

pub use self::authority::hold;
pub use self::migrations::migrator;

/// A store of accounts in Postgres. Clones share their connections.
///
/// Every method is one statement, or one short transaction. All of them lock rows in the same order: users by their ids (who
/// is changed, and in whose name), then sessions, API tokens, confirmations and networks by theirs; so none waits for another
/// that waits for it. What a caller with a token costs is one query.
///
/// ```no_run
/// use rpc_auth::UserStore;
/// use rpc_auth::postgres::{PgStore, migrator};
/// use rpc_core::storage::postgres::PgBus;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = sqlx::PgPool::connect("postgres://localhost/app").await?;
/// PgBus::migrator().run(&pool).await?;
/// migrator().run(&pool).await?;
/// let store = PgStore::new(pool);
/// let ann = store.user_by_name("ann").await?;
/// # let _ = ann;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PgStore {
    pool: PgPool,
}

impl PgStore {
    /// A store over connections to a database that [`migrator`] has run on.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// A transaction in which each statement sees what was committed before it, whatever the database's default is.
    async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        self.pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await
    }
}

impl fmt::Debug for PgStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgStore").field("connections", &self.pool.size()).finish_non_exhaustive()
    }
}
