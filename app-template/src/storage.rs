//! The storage that a command works on: a backend for each kind, chosen once, by the URL in the configuration. Nothing outside
//! of this folder knows which.

#[cfg(feature = "postgres")]
mod bound;
pub(crate) mod kind;
mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use rpc_core::http::Readiness;
use rpc_core::storage::Component;

use self::kind::Kind;
use self::memory::Memory;
use crate::app::AppParts;
use crate::config::{DatabaseUrl, StorageConfig};
use crate::failure::{Exit, Failure};
use crate::log::MessageFormat;
use crate::metrics::DatabaseCounter;
use crate::naming;

/// What a command does about migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Migrations {
    /// Applies those that are missing. Nobody else does so until [`Storage::prepared`].
    Apply,
    /// Fails when some are missing.
    Require,
}

/// A storage that is open.
#[async_trait]
pub(crate) trait Storage: fmt::Display + Send + Sync {
    /// One word, for programs. What it displays is for people.
    fn kind(&self) -> &'static str;

    /// Whether it outlives the process.
    fn lasts(&self) -> bool;

    /// What an application is built on, in this storage.
    fn parts(&self) -> Result<AppParts, Failure>;

    /// Ends the work that one node does for all: the others may go on.
    async fn prepared(&mut self) -> Result<(), Failure>;

    /// Whether calls can be served now, for `/readyz`.
    fn readiness(&self) -> Arc<dyn Readiness>;

    /// What it counts, for metrics, if it counts anything.
    fn counter(&self) -> Option<DatabaseCounter>;

    /// Its connections, where it is a Postgres database.
    #[cfg(feature = "postgres")]
    fn pool(&self) -> Option<sqlx::PgPool> {
        None
    }

    /// Ends the connections, after the application that was built on them.
    async fn close(self: Box<Self>);
}

/// A backend: opens storages of one kind that outlives the process. Each is one file below `storage/`. A command waits for it on
/// its own thread.
#[async_trait(?Send)]
trait Backend: Sync {
    /// Opens the storage. Steps that take a while are reported.
    async fn open(&self, target: Target<'_>, migrations: Migrations) -> Result<Box<dyn Storage>, Failure>;

    /// Brings the schema up to date. Returns what it is then.
    async fn migrate(&self, target: Target<'_>) -> Result<Vec<Component>, Failure>;

    /// The migrations that were done, and those that are pending. Changes nothing.
    async fn components(&self, target: Target<'_>) -> Result<Vec<Component>, Failure>;
}

/// What to open, and how to report it.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "backends read it, and a program may be built without any")]
struct Target<'a> {
    url: &'a DatabaseUrl,
    config: &'a StorageConfig,
    message_format: MessageFormat,
}

/// The backend of a kind; what a program was built without, where there is none.
fn backend(kind: Kind) -> Result<&'static dyn Backend, &'static str> {
    match kind {
        #[cfg(feature = "postgres")]
        Kind::Postgres => Ok(&postgres::Postgres),
        #[cfg(not(feature = "postgres"))]
        Kind::Postgres => Err("Postgres"),
    }
}

/// The backend of the configured database.
fn chosen(url: &DatabaseUrl, config: &StorageConfig) -> Result<&'static dyn Backend, Failure> {
    let refused = |name| format!("{}: this program was built without {name}", config.source);
    backend(url.kind()).map_err(|name| Failure::new(Exit::Configuration, refused(name)))
}

/// Opens the storage.
pub(crate) async fn open(
    config: &StorageConfig,
    migrations: Migrations,
    message_format: MessageFormat,
) -> Result<Box<dyn Storage>, Failure> {
    let Some(url) = &config.url else { return Ok(Box::new(Memory)) };
    chosen(url, config)?.open(Target { url, config, message_format }, migrations).await
}

/// Brings the schema up to date. Returns what it is then.
pub(crate) async fn migrate(config: &StorageConfig, message_format: MessageFormat) -> Result<Vec<Component>, Failure> {
    let url = require_database(config)?;
    chosen(url, config)?.migrate(Target { url, config, message_format }).await
}

/// The migrations that were done, and those that are pending. Changes nothing.
pub(crate) async fn components(
    config: &StorageConfig,
    message_format: MessageFormat,
) -> Result<Vec<Component>, Failure> {
    let url = require_database(config)?;
    chosen(url, config)?.components(Target { url, config, message_format }).await
}

/// The configured database. Refuses a command that is for a storage that outlives the process.
pub(crate) fn require_database(config: &StorageConfig) -> Result<&DatabaseUrl, Failure> {
    let refusal =
        || Failure::new(Exit::Configuration, format!("memory storage has nothing to change. Try: {}", kind::TRY));
    config.url.as_ref().ok_or_else(refusal)
}

/// That something is to be done to the schema, if anything is.
pub(crate) fn pending(components: &[Component]) -> Option<String> {
    let count: usize = components.iter().map(|component| component.pending.len()).sum();
    let migrations = if count == 1 { "migration is" } else { "migrations are" };
    (count > 0).then(|| format!("{count} {migrations} pending. Try: {} migrate", naming::name()))
}
