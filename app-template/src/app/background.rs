//! Background work: no caller waits for its end, so that nobody can tell from the time of an answer what there was to do.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

/// Pieces of work that run at once; any more wait for a slot.
const SLOTS: u32 = 64;

/// Runs a bounded number of pieces of work.
#[derive(Clone)]
pub(crate) struct Background {
    slots: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Default for Background {
    fn default() -> Self {
        Self { slots: Arc::new(Semaphore::new(SLOTS as usize)), tasks: TaskTracker::new() }
    }
}

impl Background {
    /// Waits for a slot, and starts a piece of work.
    pub(crate) async fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        let slot = self.slots(1).await;
        self.tasks.spawn(async move {
            work.await;
            drop(slot);
        });
    }

    /// Waits until all work is done.
    pub(crate) async fn finished(&self) {
        self.slots(SLOTS).await;
    }

    async fn slots(&self, count: u32) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        Arc::clone(&self.slots).acquire_many_owned(count).await.ok()
    }
}
