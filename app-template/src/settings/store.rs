//! What settings need of a storage.

use async_trait::async_trait;
use rpc_auth::{Authority, AuthorityError};
use rpc_core::Timestamp;
use rpc_core::storage::StoreError;
use thiserror::Error;

use super::seal::SealError;
use super::{Settings, SettingsChange};

/// Settings cannot be read or written.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The caller may not change them, or no longer.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret in them cannot be sealed or opened.
    #[error(transparent)]
    Secret(#[from] SealError),
}

/// A storage of the one set of settings. Secrets are stored as a [`SecretBox`](super::SecretBox) seals them.
#[async_trait]
pub trait SettingsStore: Send + Sync + 'static {
    /// The settings; the default ones when none were ever stored.
    async fn load(&self) -> Result<Settings, SettingsError>;

    /// Changes the settings in one atomic step ([`SettingsChange::apply`]), which checks that the caller still may: they were let
    /// in before, and may have been shut out since. Returns the new settings, `updated` at `now`.
    async fn update(&self, change: &SettingsChange, now: Timestamp, by: &Authority) -> Result<Settings, SettingsError>;

    /// Makes the first settings, if none were ever stored. Returns whether it did. Of many nodes that do it at once, one does.
    /// Every node calls it when it starts, so that a storage can repair how it keeps what it has.
    async fn seed(&self, first: &SettingsChange, now: Timestamp) -> Result<bool, SettingsError>;
}
