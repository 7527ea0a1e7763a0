//! The settings in effect on this node.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use rpc_auth::Authority;
use rpc_core::storage::StoreError;
use rpc_core::{Bus, Clock, Listener, Notice, Timestamp, error_chain};
use serde_json::Value;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Settings, SettingsChange, SettingsError, SettingsStore};

/// The topic of the notice that tells all nodes to read the settings anew.
pub const TOPIC: &str = "settings";

/// How long after a failure the settings are read again, and how often without a notice: a bus may lose one.
const RETRY: Duration = Duration::from_millis(250);
const REFRESH: Duration = Duration::from_secs(30);

/// The settings in effect on this node: cheap to read, changed on all nodes at once. Clones are one handle.
#[derive(Clone)]
pub struct CurrentSettings(Arc<Shared>);

struct Shared {
    store: Arc<dyn SettingsStore>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    current: RwLock<Arc<Settings>>,
    /// Held from before the storage is asked until `current` holds the answer, so that a late answer replaces no newer one.
    asking: Mutex<()>,
    /// Runs changes, so that each goes to its end.
    tasks: TaskTracker,
    stopped: CancellationToken,
    heard: watch::Sender<u64>,
    changed: watch::Sender<u64>,
}

impl CurrentSettings {
    /// Reads the settings, and keeps them current for as long as a handle lives, by a task on `tasks`,
    /// or until [`stop`](Self::stop).
    ///
    /// # Errors
    ///
    /// They cannot be read.
    pub async fn open(
        store: Arc<dyn SettingsStore>,
        bus: Arc<dyn Bus>,
        clock: Arc<dyn Clock>,
        tasks: &TaskTracker,
    ) -> Result<Self, SettingsError> {
        let (heard, hears) = watch::channel(0);
        let first = Settings::default();
        let shared = Arc::new(Shared {
            store,
            bus,
            clock,
            current: RwLock::new(Arc::new(first)),
            asking: Mutex::new(()),
            tasks: tasks.clone(),
            stopped: CancellationToken::new(),
            heard,
            changed: watch::Sender::new(0),
        });
        // Listens before it reads: a change between the two is not missed.
        let weak: Weak<Shared> = Arc::downgrade(&shared);
        shared.bus.listen(weak.clone());
        shared.reload().await?;
        tasks.spawn(shared.stopped.clone().run_until_cancelled_owned(keep_current(weak, hears)));
        Ok(Self(shared))
    }

    /// The settings.
    #[must_use]
    pub fn current(&self) -> Arc<Settings> {
        Arc::clone(&self.0.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the settings. They hold on this node when this returns, and on the others soon after. A change goes to its end
    /// also when the caller goes away meanwhile.
    ///
    /// # Errors
    ///
    /// Whoever changes them may not by then. They cannot be stored, or a storage that was cut off does not say whether they were:
    /// all nodes read them again.
    pub async fn update(&self, change: &SettingsChange, by: &Authority) -> Result<Arc<Settings>, SettingsError> {
        let (shared, change, by) = (Arc::clone(&self.0), change.clone(), by.clone());
        match self.0.tasks.spawn(async move { shared.update(&change, &by).await }).await {
            Ok(updated) => updated,
            Err(lost) => Err(StoreError(Box::new(lost)).into()),
        }
    }

    /// Makes the first settings, if none were ever stored. Returns whether it did.
    ///
    /// # Errors
    ///
    /// They cannot be stored.
    pub async fn seed(&self, first: &SettingsChange) -> Result<bool, SettingsError> {
        let seeded = self.0.store.seed(first, Timestamp::from(self.0.clock.now())).await?;
        self.0.reload().await?;
        Ok(seeded)
    }

    /// A receiver of later changes, by their number.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    /// Ends the task that keeps the settings current.
    pub fn stop(&self) {
        self.0.stopped.cancel();
    }
}

impl fmt::Debug for CurrentSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CurrentSettings").field(&self.current()).finish()
    }
}

impl Shared {
    async fn update(&self, change: &SettingsChange, by: &Authority) -> Result<Arc<Settings>, SettingsError> {
        let asking = self.asking.lock().await;
        let updated = self.store.update(change, Timestamp::from(self.clock.now()), by).await;
        let updated = updated.map(|settings| self.set(settings));
        if let Err(SettingsError::Authority(_)) = &updated {
            // It was not even tried.
            return updated;
        }
        match updated {
            Ok(_) => self.tell(),
            Err(_) => self.heard.send_modify(|number| *number += 1),
        }
        drop(asking);
        let notice = Notice::Other { topic: TOPIC.into(), content: Value::Null };
        if let Err(error) = self.bus.announce(notice).await {
            tracing::warn!(event = "settings.unannounced", %error, "other nodes were not told of new settings");
        }
        updated
    }

    async fn reload(&self) -> Result<(), SettingsError> {
        let _asking = self.asking.lock().await;
        let before = self.current.read().unwrap_or_else(PoisonError::into_inner).updated;
        if self.set(self.store.load().await?).updated != before {
            self.tell();
        }
        Ok(())
    }

    fn set(&self, settings: Settings) -> Arc<Settings> {
        let settings = Arc::new(settings);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&settings);
        settings
    }

    fn tell(&self) {
        self.changed.send_modify(|number| *number += 1);
    }
}

impl Listener for Shared {
    fn hear(&self, notice: &Notice) {
        let may_have_changed = match notice {
            Notice::Missed => true,
            Notice::Other { topic, .. } => &**topic == TOPIC,
            _ => false,
        };
        if may_have_changed {
            self.heard.send_modify(|number| *number += 1);
        }
    }
}

/// Reads the settings whenever there is a reason to, until nobody needs them.
async fn keep_current(shared: Weak<Shared>, mut heard: watch::Receiver<u64>) {
    let mut wait = REFRESH;
    loop {
        if let Ok(Err(_closed)) = tokio::time::timeout(wait, heard.changed()).await {
            return;
        }
        let Some(shared) = shared.upgrade() else { return };
        wait = match shared.reload().await {
            Ok(()) => REFRESH,
            Err(error) => {
                let source = error.source().map(error_chain);
                tracing::warn!(event = "settings.unread", %error, source, "the settings cannot be read");
                RETRY
            }
        };
    }
}

#[cfg(test)]
mod tests;
