//! The configuration of the storage, for all commands that open it.

use std::num::NonZeroU32;
use std::time::Duration;

use super::error::ConfigError;
use super::sources::{Reader, Sources};
use super::table::{
    DATABASE_CONNECTIONS, DATABASE_LOCK_WAIT, DATABASE_TIMEOUT, DATABASE_URL, DATABASE_WAIT, SECRET_KEY,
};
use super::value::DatabaseUrl;
use crate::settings::SecretBox;

/// Where to keep everything.
#[derive(Debug, Clone)]
#[allow(dead_code, reason = "checked always; read by backends, and a program may be built without any")]
pub(crate) struct StorageConfig {
    /// The database; without one all is in memory.
    pub(crate) url: Option<DatabaseUrl>,
    /// What set the database, for a fault of it.
    pub(crate) source: String,
    pub(crate) connections: NonZeroU32,
    pub(crate) timeout: Duration,
    pub(crate) wait: Duration,
    pub(crate) lock_wait: Duration,
    /// Encrypts passwords of other servers.
    pub(crate) secrets: SecretBox,
}

impl Sources {
    /// The configuration of the storage.
    pub(crate) fn storage(&self) -> Result<StorageConfig, ConfigError> {
        let mut reader = Reader::new(self);
        let config = reader.storage();
        reader.faults.finish().map(|()| config)
    }
}

impl Reader<'_> {
    pub(super) fn storage(&mut self) -> StorageConfig {
        StorageConfig {
            url: self.optional(&DATABASE_URL),
            source: self.found(&DATABASE_URL.spec).map(|found| found.source.to_string()).unwrap_or_default(),
            connections: self.required(&DATABASE_CONNECTIONS),
            timeout: self.required(&DATABASE_TIMEOUT),
            wait: self.required(&DATABASE_WAIT),
            lock_wait: self.required(&DATABASE_LOCK_WAIT),
            secrets: self.optional(&SECRET_KEY).unwrap_or_default(),
        }
    }
}
