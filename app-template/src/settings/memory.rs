//! Settings that are lost when the process ends.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use rpc_core::Timestamp;

use super::{Settings, SettingsChange, SettingsError, SettingsStore};

/// A [`SettingsStore`] in memory.
#[derive(Debug, Default)]
pub struct MemorySettings(Mutex<Option<Settings>>);

impl MemorySettings {
    fn stored(&self) -> MutexGuard<'_, Option<Settings>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SettingsStore for MemorySettings {
    async fn load(&self) -> Result<Settings, SettingsError> {
        Ok(self.stored().clone().unwrap_or_default())
    }

    async fn update(&self, change: &SettingsChange, now: Timestamp) -> Result<Settings, SettingsError> {
        let mut stored = self.stored();
        let settings = stored.get_or_insert_default();
        change.apply(settings, now);
        Ok(settings.clone())
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
