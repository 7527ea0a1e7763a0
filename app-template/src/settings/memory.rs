//! Settings that are lost when the process ends.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use rpc_auth::{Authority, MemoryStore};
use rpc_core::Timestamp;

use super::{Settings, SettingsChange, SettingsError, SettingsStore};

/// A [`SettingsStore`] in memory, beside accounts in memory. The default one has none beside it: nobody but the application
/// changes it.
#[derive(Debug, Default)]
pub struct MemorySettings {
    stored: Mutex<Option<Settings>>,
    accounts: MemoryStore,
}

impl MemorySettings {
    /// Settings that the users of these accounts change.
    #[must_use]
    pub fn beside(accounts: MemoryStore) -> Self {
        Self { stored: Mutex::default(), accounts }
    }

    fn stored(&self) -> MutexGuard<'_, Option<Settings>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SettingsStore for MemorySettings {
    async fn load(&self) -> Result<Settings, SettingsError> {
        Ok(self.stored().clone().unwrap_or_default())
    }

    async fn update(&self, change: &SettingsChange, now: Timestamp, by: &Authority) -> Result<Settings, SettingsError> {
        let updated = self.accounts.hold(by, || {
            let mut stored = self.stored();
            let settings = stored.get_or_insert_default();
            change.apply(settings, now);
            settings.clone()
        });
        Ok(updated?)
    }

    async fn seed(&self, first: &SettingsChange, now: Timestamp) -> Result<bool, SettingsError> {
        let mut stored = self.stored();
        if stored.is_some() {
            return Ok(false);
        }
        first.apply(stored.get_or_insert_default(), now);
        Ok(true)
    }
}
