use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use rpc_auth::Authority;
use rpc_core::storage::StoreError;
use rpc_core::{LocalBus, ManualClock, Notice, Timestamp};
use serde_json::{Value, json};
use test_waits::{soon, within};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::{CurrentSettings, REFRESH, TOPIC};
use crate::settings::{MemorySettings, Settings, SettingsChange, SettingsError, SettingsStore};

/// A store that can be out of reach.
#[derive(Default)]
struct Flaky {
    store: MemorySettings,
    is_down: AtomicBool,
    /// Changes are stored, and the answer is lost.
    loses_answers: AtomicBool,
    loads: AtomicUsize,
}

impl Flaky {
    fn reach(&self) -> Result<&MemorySettings, SettingsError> {
        if self.is_down.load(Ordering::SeqCst) { Err(StoreError("down".into()).into()) } else { Ok(&self.store) }
    }
}

#[async_trait]
impl SettingsStore for Flaky {
    async fn load(&self) -> Result<Settings, SettingsError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        self.reach()?.load().await
    }

    async fn update(&self, change: &SettingsChange, now: Timestamp, by: &Authority) -> Result<Settings, SettingsError> {
        let settings = self.reach()?.update(change, now, by).await?;
        let is_lost = self.loses_answers.load(Ordering::SeqCst);
        if is_lost { Err(StoreError("cut off".into()).into()) } else { Ok(settings) }
    }

    async fn seed(&self, first: &SettingsChange, now: Timestamp) -> Result<bool, SettingsError> {
        self.reach()?.seed(first, now).await
    }
}

/// What nodes share.
#[derive(Default)]
struct Shared {
    store: Arc<Flaky>,
    bus: Arc<LocalBus>,
    tasks: TaskTracker,
}

impl Shared {
    async fn node(&self) -> CurrentSettings {
        self.node_on(&self.bus).await
    }

    async fn node_on(&self, bus: &Arc<LocalBus>) -> CurrentSettings {
        let clock = Arc::new(ManualClock::new(Duration::from_secs(1)));
        let (store, bus) = (Arc::clone(&self.store), Arc::clone(bus));
        CurrentSettings::open(store, bus, clock, &self.tasks).await.unwrap()
    }
}

fn change(members: &Value) -> SettingsChange {
    SettingsChange::parse(members.as_object().unwrap()).unwrap()
}

fn host(name: &str) -> SettingsChange {
    change(&json!({"smtp_hostname": name}))
}

/// Waits for a change, longer than it takes until settings are read again.
async fn hears(changes: &mut watch::Receiver<u64>) {
    within(REFRESH * 2, "a change", changes.changed()).await.unwrap();
}

fn host_of(settings: &CurrentSettings) -> Option<String> {
    settings.current().smtp_hostname.clone()
}

#[test_waits::test]
async fn a_change_holds_here_at_once_and_on_other_nodes_soon_after() {
    let shared = Shared::default();
    let (here, there) = (shared.node().await, shared.node().await);
    let mut changes = there.changes();
    let changed = here.update(&host("a.example"), &Authority::Application).await.unwrap();
    assert_eq!(host_of(&here).as_deref(), Some("a.example"));
    assert_eq!(changed.updated, Timestamp::from_millis(1000));
    hears(&mut changes).await;
    assert_eq!(host_of(&there).as_deref(), Some("a.example"));
}

#[test_waits::test(start_paused = true)]
async fn a_change_whose_notice_was_lost_holds_after_a_while() {
    let shared = Shared::default();
    let (here, there) = (shared.node().await, shared.node_on(&Arc::default()).await);
    let mut changes = there.changes();
    here.update(&host("a.example"), &Authority::Application).await.unwrap();
    assert_eq!(host_of(&there), None);
    hears(&mut changes).await;
    assert_eq!(host_of(&there).as_deref(), Some("a.example"));
}

#[test_waits::test]
async fn after_missed_notices_the_settings_are_read_anew() {
    let shared = Shared::default();
    let there = shared.node().await;
    let mut changes = there.changes();
    shared.store.store.update(&host("a.example"), Timestamp::from_millis(2), &Authority::Application).await.unwrap();
    shared.bus.tell(&Notice::User("2".into()));
    shared.bus.tell(&Notice::Missed);
    hears(&mut changes).await;
    assert_eq!(host_of(&there).as_deref(), Some("a.example"));
}

#[test_waits::test(start_paused = true)]
async fn a_node_that_cannot_read_a_change_keeps_the_old_settings_and_reads_again() {
    let shared = Shared::default();
    let here = shared.node().await;
    let mut changes = here.changes();
    shared.store.store.update(&host("a.example"), Timestamp::from_millis(2), &Authority::Application).await.unwrap();
    shared.store.is_down.store(true, Ordering::SeqCst);
    let loads = shared.store.loads.load(Ordering::SeqCst);
    let notice = Notice::Other { topic: TOPIC.into(), content: Value::Null };
    rpc_core::Bus::announce(&*shared.bus, notice).await.unwrap();
    while shared.store.loads.load(Ordering::SeqCst) < loads + 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(host_of(&here), None);
    shared.store.is_down.store(false, Ordering::SeqCst);
    hears(&mut changes).await;
    assert_eq!(host_of(&here).as_deref(), Some("a.example"));
}

#[test_waits::test]
async fn a_change_that_cannot_be_stored_changes_nothing() {
    let shared = Shared::default();
    let here = shared.node().await;
    here.update(&host("a.example"), &Authority::Application).await.unwrap();
    shared.store.is_down.store(true, Ordering::SeqCst);
    assert!(here.update(&host("b.example"), &Authority::Application).await.is_err());
    assert_eq!(host_of(&here).as_deref(), Some("a.example"));
}

#[test_waits::test]
async fn a_change_goes_to_its_end_without_its_caller() {
    let shared = Shared::default();
    let here = shared.node().await;
    let mut changes = here.changes();
    assert!(here.update(&host("a.example"), &Authority::Application).now_or_never().is_none());
    hears(&mut changes).await;
    assert_eq!(host_of(&here).as_deref(), Some("a.example"));
}

#[test_waits::test]
async fn a_change_whose_answer_was_lost_is_read_by_all_nodes() {
    let shared = Shared::default();
    let (here, there) = (shared.node().await, shared.node().await);
    let (mut changes_here, mut changes_there) = (here.changes(), there.changes());
    shared.store.loses_answers.store(true, Ordering::SeqCst);
    assert!(here.update(&host("a.example"), &Authority::Application).await.is_err());
    hears(&mut changes_here).await;
    hears(&mut changes_there).await;
    assert_eq!([&here, &there].map(host_of), [Some("a.example".to_owned()), Some("a.example".to_owned())]);
}

#[test_waits::test]
async fn settings_are_seeded_once() {
    let shared = Shared::default();
    let (here, there) = (shared.node().await, shared.node().await);
    assert!(here.seed(&host("a.example")).await.unwrap());
    assert!(!there.seed(&host("b.example")).await.unwrap());
    assert_eq!(host_of(&there).as_deref(), Some("a.example"));
}

#[test_waits::test]
async fn the_task_ends_with_the_last_handle_or_when_it_is_stopped() {
    let shared = Shared::default();
    let (here, there) = (shared.node().await, shared.node().await);
    drop(here);
    there.stop();
    shared.tasks.close();
    soon("the end of the task", shared.tasks.wait()).await;
    assert_eq!(host_of(&there), None);
}
