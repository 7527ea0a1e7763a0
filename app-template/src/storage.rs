//! The storage that a command works on, opened as the settings say, and told of on the way.

use std::sync::Arc;

use async_trait::async_trait;
use rpc_core::http::Readiness;

use crate::app::AppParts;
use crate::config::StorageSettings;
use crate::failure::{Exit, Failure};
use crate::log::Audience;
use crate::metrics::DatabaseCounter;

#[cfg(feature = "postgres")]
pub(crate) mod node;

/// Where everything is kept.
#[derive(Debug)]
pub(crate) enum Storage {
    /// In memory, until the process ends.
    Memory,
    /// In a database, which other nodes may share.
    #[cfg(feature = "postgres")]
    Postgres(Box<node::Node>),
}

/// What a command needs of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schema {
    /// It is brought up to date, and nobody else does so until [`Storage::prepared`].
    Migrate,
    /// It has to be up to date already.
    Require,
}

impl Storage {
    /// Opens the storage.
    pub(crate) async fn open(settings: &StorageSettings, schema: Schema, audience: Audience) -> Result<Self, Failure> {
        let Some(url) = &settings.url else { return Ok(Self::Memory) };
        #[cfg(feature = "postgres")]
        {
            Ok(Self::Postgres(Box::new(node::Node::open(url, settings, schema, audience).await?)))
        }
        #[cfg(not(feature = "postgres"))]
        {
            let _ = (url, schema, audience);
            Err(without_postgres(settings))
        }
    }

    /// What an application is built on, in this storage.
    pub(crate) fn parts(&self) -> Result<AppParts, Failure> {
        let parts = AppParts::in_memory()?;
        Ok(match self {
            Self::Memory => parts,
            #[cfg(feature = "postgres")]
            Self::Postgres(node) => node.parts(parts),
        })
    }

    /// Everything that is done once, by one node of many, is done.
    pub(crate) async fn prepared(&mut self) -> Result<(), Failure> {
        match self {
            Self::Memory => Ok(()),
            #[cfg(feature = "postgres")]
            Self::Postgres(node) => node.unlock().await,
        }
    }

    /// Whether calls can be served now, for `/readyz`.
    pub(crate) fn readiness(&self) -> Arc<dyn Readiness> {
        match self {
            Self::Memory => Arc::new(AlwaysReady),
            #[cfg(feature = "postgres")]
            Self::Postgres(node) => node.readiness(),
        }
    }

    /// What it counts, for metrics. Memory counts nothing.
    pub(crate) fn counter(&self) -> Option<DatabaseCounter> {
        match self {
            Self::Memory => None,
            #[cfg(feature = "postgres")]
            Self::Postgres(node) => Some(node.counter()),
        }
    }

    /// Ends the connections, after the application that was built on them.
    pub(crate) async fn close(self) {
        match self {
            Self::Memory => {}
            #[cfg(feature = "postgres")]
            Self::Postgres(node) => node.close().await,
        }
    }

    /// One word, for programs.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "postgres",
        }
    }
}

/// What there is to know of it, for people.
impl std::fmt::Display for Storage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory => f.write_str("memory: everything is lost when this stops (use --database-url)"),
            #[cfg(feature = "postgres")]
            Self::Postgres(node) => write!(f, "Postgres at {}", node.place()),
        }
    }
}

/// Memory is always there.
struct AlwaysReady;

#[async_trait]
impl Readiness for AlwaysReady {
    async fn is_ready(&self) -> bool {
        true
    }
}

/// Refuses a command that is for a storage that outlives the process.
pub(crate) fn require_database(settings: &StorageSettings) -> Result<(), Failure> {
    let refusal = "memory storage has nothing to change. Try: --database-url postgres://user@host/name";
    settings.url.as_ref().map(|_| ()).ok_or_else(|| Failure::new(Exit::Configuration, refusal))
}

/// The refusal of a program that was built without Postgres.
#[cfg(not(feature = "postgres"))]
pub(crate) fn without_postgres(settings: &StorageSettings) -> Failure {
    Failure::new(Exit::Configuration, format!("{}: this program was built without Postgres", settings.source))
}
