//! A store that writes down what reaches it.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rpc_auth::{
    AccountStore, ApiTokenError, ApiTokenId, ApiTokenQuery, ApiTokenRecord, ApiTokenStore, Authority, Bound,
    ConfirmationError, ConfirmationKind, ConfirmationStore, GrantsChange, NetworkStore, NewConfirmation, NewSession,
    NewUser, OpenedSession, Page, PasswordHash, SessionId, SessionRecord, SessionStore, StoreError, TokenHash,
    UserChange, UserError, UserId, UserQuery, UserRecord, UserStore,
};
use rpc_core::Timestamp;
use tokio::sync::{Notify, Semaphore};

type Stored<T> = Result<T, StoreError>;

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
        self.reached.acquire().await.unwrap().forget();
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

    fn note(&self, call: &'static str) -> Stored<()> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        match *self.failure.lock().unwrap() {
            Some(text) => Err(StoreError(text.into())),
            None => Ok(()),
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
impl UserStore for RecordingStore {
    async fn create_user(&self, user: NewUser) -> Result<UserRecord, UserError> {
        self.note("create_user")?;
        self.keep(&format!("{user:?} {}", user.password.expose()));
        self.wait_at_the_gate().await;
        self.inner.create_user(user).await
    }

    async fn create_root(&self, name: &str, password: PasswordHash, now: Timestamp) -> Stored<bool> {
        self.note("create_root")?;
        self.keep(&format!("{name} {}", password.expose()));
        self.inner.create_root(name, password, now).await
    }

    async fn user(&self, id: UserId) -> Stored<Option<UserRecord>> {
        self.note("user")?;
        self.inner.user(id).await
    }

    async fn user_by_login(&self, login: &str) -> Stored<Option<UserRecord>> {
        self.note("user_by_login")?;
        self.inner.user_by_login(login).await
    }

    async fn user_by_name(&self, name: &str) -> Stored<Option<UserRecord>> {
        self.note("user_by_name")?;
        self.inner.user_by_name(name).await
    }

    async fn users(&self, query: &UserQuery) -> Stored<Page<UserRecord>> {
        self.note("users")?;
        self.inner.users(query).await
    }

    async fn update_user(&self, id: UserId, change: &UserChange) -> Result<Option<UserRecord>, UserError> {
        self.note("update_user")?;
        self.keep(&format!("{change:?} {:?}", change.password.as_ref().map(PasswordHash::expose)));
        self.wait_at_the_gate().await;
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

    async fn delete_user(&self, id: UserId, bound: &Bound, by: &Authority) -> Result<bool, UserError> {
        self.note("delete_user")?;
        self.wait_at_the_gate().await;
        self.inner.delete_user(id, bound, by).await
    }
}

#[async_trait]
impl SessionStore for RecordingStore {
    async fn create_session(&self, session: NewSession, most: usize) -> Stored<Option<OpenedSession>> {
        self.note("create_session")?;
        self.keep(&format!("{session:?} {} {}", session.hash, session.password.expose()));
        self.inner.create_session(session, most).await
    }

    async fn session(&self, hash: &TokenHash) -> Stored<Option<(SessionRecord, UserRecord)>> {
        self.note("session")?;
        self.inner.session(hash).await
    }

    async fn touch_sessions(&self, used: &[(SessionId, Timestamp)]) -> Stored<()> {
        self.note("touch_sessions")?;
        self.inner.touch_sessions(used).await
    }

    async fn delete_session(&self, id: SessionId) -> Stored<bool> {
        self.note("delete_session")?;
        self.inner.delete_session(id).await
    }

    async fn purge_sessions(&self, created: Timestamp, used: Timestamp) -> Stored<u64> {
        self.note("purge_sessions")?;
        self.inner.purge_sessions(created, used).await
    }
}

#[async_trait]
impl ApiTokenStore for RecordingStore {
    async fn create_api_token(
        &self,
        user: UserId,
        name: &str,
        hash: TokenHash,
        now: Timestamp,
        most: usize,
        by: &Authority,
    ) -> Result<ApiTokenRecord, ApiTokenError> {
        self.note("create_api_token")?;
        self.keep(&format!("{name} {hash}"));
        self.wait_at_the_gate().await;
        self.inner.create_api_token(user, name, hash, now, most, by).await
    }

    async fn api_token_by_hash(&self, hash: &TokenHash) -> Stored<Option<(ApiTokenRecord, UserRecord)>> {
        self.note("api_token_by_hash")?;
        self.inner.api_token_by_hash(hash).await
    }

    async fn api_token(&self, user: UserId, id: ApiTokenId) -> Stored<Option<ApiTokenRecord>> {
        self.note("api_token")?;
        self.inner.api_token(user, id).await
    }

    async fn api_tokens(&self, user: UserId, query: &ApiTokenQuery) -> Stored<Page<ApiTokenRecord>> {
        self.note("api_tokens")?;
        self.inner.api_tokens(user, query).await
    }

    async fn set_api_token_enabled(
        &self,
        user: UserId,
        id: ApiTokenId,
        enabled: bool,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
        self.note("set_api_token_enabled")?;
        self.wait_at_the_gate().await;
        self.inner.set_api_token_enabled(user, id, enabled, by).await
    }

    async fn change_api_token_grants(
        &self,
        user: UserId,
        id: ApiTokenId,
        change: &GrantsChange,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
        self.note("change_api_token_grants")?;
        self.keep(&format!("{change:?}"));
        self.wait_at_the_gate().await;
        self.inner.change_api_token_grants(user, id, change, by).await
    }

    async fn delete_api_token(
        &self,
        user: UserId,
        id: ApiTokenId,
        by: &Authority,
    ) -> Result<Option<ApiTokenRecord>, ApiTokenError> {
        self.note("delete_api_token")?;
        self.wait_at_the_gate().await;
        self.inner.delete_api_token(user, id, by).await
    }

    async fn touch_api_tokens(&self, used: &[(ApiTokenId, Timestamp)]) -> Stored<()> {
        self.note("touch_api_tokens")?;
        self.inner.touch_api_tokens(used).await
    }
}

#[async_trait]
impl ConfirmationStore for RecordingStore {
    async fn create_confirmation(&self, confirmation: NewConfirmation) -> Stored<bool> {
        self.note("create_confirmation")?;
        self.keep(&format!("{confirmation:?} {}", confirmation.hash));
        self.inner.create_confirmation(confirmation).await
    }

    async fn confirm_email(&self, hash: &TokenHash, now: Timestamp) -> Result<UserRecord, ConfirmationError> {
        self.note("confirm_email")?;
        self.inner.confirm_email(hash, now).await
    }

    async fn reset_password(
        &self,
        hash: &TokenHash,
        password: PasswordHash,
        now: Timestamp,
    ) -> Result<UserRecord, ConfirmationError> {
        self.note("reset_password")?;
        self.keep(password.expose());
        self.inner.reset_password(hash, password, now).await
    }

    async fn confirmation_user(
        &self,
        hash: &TokenHash,
        kind: ConfirmationKind,
        now: Timestamp,
    ) -> Stored<Option<UserRecord>> {
        self.note("confirmation_user")?;
        self.inner.confirmation_user(hash, kind, now).await
    }

    async fn purge_confirmations(&self, expired: Timestamp) -> Stored<u64> {
        self.note("purge_confirmations")?;
        self.inner.purge_confirmations(expired).await
    }
}

#[async_trait]
impl NetworkStore for RecordingStore {
    async fn trust_network(&self, user: UserId, network: IpAddr, until: Timestamp, most: usize) -> Stored<()> {
        self.note("trust_network")?;
        self.inner.trust_network(user, network, until, most).await
    }

    async fn is_trusted_network(&self, user: UserId, network: IpAddr, now: Timestamp) -> Stored<bool> {
        self.note("is_trusted_network")?;
        self.inner.is_trusted_network(user, network, now).await
    }

    async fn purge_networks(&self, ended: Timestamp) -> Stored<u64> {
        self.note("purge_networks")?;
        self.inner.purge_networks(ended).await
    }
}
