//! A store that writes down what reaches it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rpc_auth::{
    AccountStore, ApiTokenError, ApiTokenId, ApiTokenRecord, Authority, ConfirmationError, GrantsChange,
    NewConfirmation, NewSession, NewUser, OpenedSession, PasswordHash, StoreDecorator, StoreError, TokenHash,
    UserChange, UserError, UserId, UserRecord,
};
use rpc_core::Timestamp;
use test_waits::soon;
use tokio::sync::{Notify, Semaphore};

type Stored<T> = Result<T, StoreError>;

/// The operations that change something in somebody's name.
const CHANGES: [&str; 7] = [
    "create_user",
    "update_user",
    "delete_user",
    "create_api_token",
    "set_api_token_enabled",
    "change_api_token_grants",
    "delete_api_token",
];

/// A store over another one that remembers the name of each call and, without any reserve, what it was given to keep.
pub(crate) struct RecordingStore {
    pub(crate) inner: Arc<dyn AccountStore>,
    calls: Mutex<Vec<&'static str>>,
    written: Mutex<String>,
    /// While it holds a text, every call fails with it.
    pub(crate) failure: Mutex<Option<&'static str>>,
    /// While it holds one, a change of a user is made and its answer is late: it waits for this.
    pub(crate) late: Mutex<Option<Arc<Notify>>>,
    /// A change of a user is made, and its answer is lost.
    pub(crate) lost: Mutex<bool>,
    /// Where the next change waits before it is made.
    gate: Mutex<Option<Arc<Gate>>>,
}

/// Where a change waits.
pub(crate) struct Gate {
    reached: Semaphore,
    opened: Semaphore,
}

impl Gate {
    /// Until a change waits here.
    pub(crate) async fn reached(&self) {
        soon("a change at the gate", self.reached.acquire()).await.unwrap().forget();
    }

    /// The change goes on.
    pub(crate) fn open(&self) {
        self.opened.add_permits(1);
    }
}

impl RecordingStore {
    pub(crate) fn over(inner: Arc<dyn AccountStore>) -> Self {
        let (calls, written, failure) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { inner, calls, written, failure, late: Mutex::default(), lost: Mutex::default(), gate: Mutex::default() }
    }

    /// The next change that is made in somebody's name waits; those after it do not.
    pub(crate) fn stop_the_next_change(&self) -> Arc<Gate> {
        let gate = Arc::new(Gate { reached: Semaphore::new(0), opened: Semaphore::new(0) });
        *self.gate.lock().unwrap() = Some(Arc::clone(&gate));
        gate
    }

    async fn wait_at_the_gate(&self) {
        let gate = self.gate.lock().unwrap().take();
        if let Some(gate) = gate {
            gate.reached.add_permits(1);
            gate.opened.acquire().await.unwrap().forget();
        }
    }

    fn keep(&self, text: &str) {
        let mut written = self.written.lock().unwrap();
        written.push_str(text);
        written.push('\n');
    }

    /// The calls since it was asked last.
    pub(crate) fn take_calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    /// Everything that it was given to keep.
    pub(crate) fn dump(&self) -> String {
        self.written.lock().unwrap().clone()
    }
}

#[async_trait]
impl StoreDecorator for RecordingStore {
    type Inner = dyn AccountStore;

    fn inner(&self) -> &Self::Inner {
        &*self.inner
    }

    async fn before(&self, operation: &'static str) -> Stored<()> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
        if let Some(text) = *self.failure.lock().unwrap() {
            return Err(StoreError(text.into()));
        }
        if CHANGES.contains(&operation) {
            self.wait_at_the_gate().await;
        }
        Ok(())
    }

    async fn create_user(&self, user: NewUser) -> Result<UserRecord, UserError> {
        self.keep(&format!("{user:?} {}", user.password.expose()));
        self.inner.create_user(user).await
    }

    async fn create_root(&self, name: &str, password: PasswordHash, now: Timestamp) -> Stored<bool> {
        self.keep(&format!("{name} {}", password.expose()));
        self.inner.create_root(name, password, now).await
    }

    async fn update_user(&self, id: UserId, change: &UserChange) -> Result<Option<UserRecord>, UserError> {
        self.keep(&format!("{change:?} {:?}", change.password.as_ref().map(PasswordHash::expose)));
        let changed = self.inner.update_user(id, change).await;
        let late = self.late.lock().unwrap().clone();
        if let Some(late) = late {
            late.notified().await;
        }
        if *self.lost.lock().unwrap() {
            return Err(StoreError("the connection was lost".into()).into());
        }
        changed
    }

    async fn create_session(&self, session: NewSession, max: usize) -> Stored<Option<OpenedSession>> {
        self.keep(&format!("{session:?} {} {}", session.hash, session.password.expose()));
        self.inner.create_session(session, max).await
    }

    async fn create_api_token(
        &self,
        user: UserId,
        name: &str,
        hash: TokenHash,
        now: Timestamp,
        max: usize,
        by: &Authority,
    ) -> Result<ApiTokenRecord, ApiTokenError> {
        self.keep(&format!("{name} {hash}"));
        self.inner.create_api_token(user, name, hash, now, max, by).await
    }

    async fn change_api_token_grants(
        &self,
        user: UserId,
        id: ApiTokenId,
        change: &GrantsChange,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
        self.keep(&format!("{change:?}"));
        self.inner.change_api_token_grants(user, id, change, by).await
    }

    async fn create_confirmation(&self, confirmation: NewConfirmation) -> Stored<bool> {
        self.keep(&format!("{confirmation:?} {}", confirmation.hash));
        self.inner.create_confirmation(confirmation).await
    }

    async fn reset_password(
        &self,
        hash: &TokenHash,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<UserRecord, ConfirmationError> {
        self.keep(password.expose());
        self.inner.reset_password(hash, password, now).await
    }
}
