//! The framework: both jobs through the whole pipeline, with an authenticator, permission checks and an observer that records.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rpc_calllog::CallLog;
use rpc_core::http::{HttpService, Server};
use rpc_core::{
    Api, ApiBuilder, ApiError, AuthError, AuthRequest, Authenticator, BuildError, CallRecord, Identity, Observer,
    Permission, RequestId, Token, User, api_method, api_module,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::TOKEN;
use crate::watch::Watch;

api_module! {
    /// Connection tests
    path = "/v1/test"
}

api_module! {
    /// Users
    path = "/v1/users"
}

/// A user to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    #[schemars(length(min = 3, max = 32))]
    username: String,
    #[expect(dead_code, reason = "read from the request, as the job says, and not kept")]
    password: Option<String>,
    #[expect(dead_code, reason = "read from the request, as the job says, and not kept")]
    enabled: Option<bool>,
    #[expect(dead_code, reason = "read from the request, as the job says, and not kept")]
    permissions: Option<BTreeMap<String, bool>>,
    #[schemars(email)]
    #[expect(dead_code, reason = "read from the request, as the job says, and not kept")]
    email: Option<String>,
    #[expect(dead_code, reason = "read from the request, as the job says, and not kept")]
    telegram_name: Option<String>,
}

/// A user that was made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CreatedUser {
    id: u64,
    name: String,
}

/// Hands out the ids of users.
#[derive(Debug)]
struct Ids(AtomicU64);

/// Echo a string
#[api_method(path = "/v1/test/test", permissions = ["user"])]
async fn test(text: String) -> Result<String, ApiError> {
    Ok(text)
}

/// Create a user
#[api_method(path = "/v1/users/create", permissions = ["admin"])]
async fn create(ids: &Ids, fields: NewUser) -> Result<CreatedUser, ApiError> {
    Ok(CreatedUser { id: ids.0.fetch_add(1, Ordering::Relaxed), name: fields.username })
}

/// The two methods, ready to serve.
///
/// # Errors
///
/// A method is declared wrongly.
pub fn api(journal: Arc<Journal>) -> Result<Api, BuildError> {
    unwatched().observer(Shared(journal)).build()
}

/// The two methods, and nobody who watches their calls.
#[must_use]
pub fn unwatched() -> ApiBuilder {
    Api::builder()
        .permission(Permission::new("admin", "Administrator", "May make users."))
        .state(Ids(AtomicU64::new(1)))
        .authenticator(Tokens::default())
}

/// The server of the framework, which listens. `log` is what watches, if that is a call log.
///
/// # Errors
///
/// A method is declared wrongly, or the address cannot be bound.
pub async fn bind(
    address: SocketAddr,
    watch: Watch,
    log: Option<&CallLog>,
) -> Result<Server, Box<dyn Error + Send + Sync>> {
    let api = match log {
        Some(log) => unwatched().observer(log.clone()).build()?,
        None if watch == Watch::Journal => api(Arc::new(Journal::default()))?,
        None => unwatched().build()?,
    };
    Ok(Server::bind(HttpService::new(api), address).await?)
}

/// The user of the load.
#[must_use]
pub fn admin() -> Identity {
    User::new("2", "load").permission("admin").by_api_token().into()
}

/// A fixed table of tokens: what an authenticator's cache is when it is warm.
struct Tokens(Vec<(&'static str, Identity)>);

impl Default for Tokens {
    fn default() -> Self {
        Self(vec![(TOKEN, admin())])
    }
}

#[async_trait]
impl Authenticator for Tokens {
    async fn authenticate(&self, token: &Token, _: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        let known = self.0.iter().find(|(known, _)| *known == token.expose());
        known.map(|(_, identity)| identity.clone()).ok_or(AuthError::BadToken)
    }
}

/// Records kept in a [`Journal`].
const KEPT: usize = 256;

/// What a call log keeps of a call.
#[derive(Debug, Clone)]
pub struct Row {
    /// The path of the method.
    pub method: &'static str,
    /// Who called.
    pub caller: Identity,
    /// When the call began, since the Unix epoch.
    pub started: Duration,
    /// How long it took.
    pub runtime: Duration,
    /// The status.
    pub status: u16,
    /// The id under which logs show it.
    pub request_id: RequestId,
}

/// Counts all calls, sums their run time, and keeps the last 256 records.
#[derive(Debug, Default)]
pub struct Journal {
    calls: AtomicU64,
    failures: AtomicU64,
    nanos: AtomicU64,
    last: Mutex<VecDeque<Row>>,
}

impl Journal {
    /// Calls so far, of them with a status of 400 or more, and the run time of all.
    #[must_use]
    pub fn totals(&self) -> (u64, u64, Duration) {
        let nanos = Duration::from_nanos(self.nanos.load(Ordering::Relaxed));
        (self.calls.load(Ordering::Relaxed), self.failures.load(Ordering::Relaxed), nanos)
    }

    /// The last records, oldest first.
    #[must_use]
    pub fn last(&self) -> Vec<Row> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

struct Shared(Arc<Journal>);

impl Observer for Shared {
    fn observe(&self, record: &CallRecord<'_>) {
        let journal = &self.0;
        journal.calls.fetch_add(1, Ordering::Relaxed);
        journal.failures.fetch_add(u64::from(record.status >= 400), Ordering::Relaxed);
        journal.nanos.fetch_add(u64::try_from(record.runtime.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let row = Row {
            method: record.method.path(),
            caller: record.identity.clone(),
            started: record.started,
            runtime: record.runtime,
            status: record.status,
            request_id: record.request_id,
        };
        let mut last = journal.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() == KEPT {
            last.pop_front();
        }
        last.push_back(row);
    }
}
