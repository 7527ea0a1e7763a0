//! An API whose methods end in all ways, and its log.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rpc_calllog::{CallLog, CallLogOptions, CallLogStore, Counts, MemoryLog};
use rpc_core::http::{HttpService, Server};
use rpc_core::{
    Api, ApiError, AuthError, AuthRequest, Authenticator, Call, Clock, Identity, Limits, Permission, TestClient, Token,
    User, api_method, api_module,
};
use serde_json::{Value, json};
use test_waits::soon;
use tokio::sync::{Semaphore, oneshot};

pub(crate) const END: &str = "/v1/ways/end";
pub(crate) const HANG: &str = "/v1/ways/hang";
pub(crate) const LIMITED: &str = "/v1/ways/limited";
pub(crate) const RARE: &str = "/v1/ways/rare";
pub(crate) const CLOSED: &str = "/v1/ways/closed";
pub(crate) const ENTRUSTED: &str = "/v1/ways/entrusted";
pub(crate) const UNLOGGED: &str = "/v1/ways/unlogged";

pub(crate) const MINUTE: i64 = 60_000;
/// 2023-11-15T00:00:00Z.
pub(crate) const MIDNIGHT: i64 = 1_700_006_400_000;

api_module! {
    /// Calls that end in all ways
    path = "/v1/ways"
}

/// Says how many calls have entered, and lets them out.
#[derive(Clone)]
pub(crate) struct Gate {
    entered: Arc<Semaphore>,
    pub(crate) out: Arc<Semaphore>,
}

async fn end_as(how: &str) -> Result<(), ApiError> {
    tokio::task::yield_now().await;
    match how {
        "well" => Ok(()),
        "conflict" => Err(ApiError::new(409, "As asked")),
        "fault" => Err(ApiError::internal("as asked")),
        "panic" => panic!("as asked"),
        reason => Err(ApiError::new(400, reason.to_owned())),
    }
}

/// End as asked
#[api_method(path = "/v1/ways/end", permissions = ["*"])]
async fn end(how: String) -> Result<(), ApiError> {
    end_as(&how).await
}

/// End as asked, fifty times a minute
#[api_method(path = "/v1/ways/limited", permissions = ["*"], rate = "50/min")]
async fn limited(how: String) -> Result<(), ApiError> {
    end_as(&how).await
}

/// End well, ten times a minute
#[api_method(path = "/v1/ways/rare", permissions = ["*"], rate = "10/min")]
async fn rare() -> Result<(), ApiError> {
    Ok(())
}

/// Wait to be let out
#[api_method(path = "/v1/ways/hang", permissions = ["*"], concurrency = 10, concurrency_per_user = 7)]
async fn hang(gate: &Gate, how: String) -> Result<(), ApiError> {
    gate.entered.add_permits(1);
    gate.out.acquire().await.unwrap().forget();
    end_as(&how).await
}

/// For users only
#[api_method(path = "/v1/ways/closed", permissions = ["user"])]
async fn closed() -> Result<(), ApiError> {
    Ok(())
}

/// For those who hold a permission
#[api_method(path = "/v1/ways/entrusted", permissions = ["keeper"])]
async fn entrusted() -> Result<(), ApiError> {
    Ok(())
}

/// Not logged
#[api_method(path = "/v1/ways/unlogged", permissions = ["*"], log = false)]
async fn unlogged() -> Result<(), ApiError> {
    Ok(())
}

/// Everybody who has a token has its name.
struct Names;

#[async_trait]
impl Authenticator for Names {
    async fn authenticate(&self, token: &Token, _: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        Ok(User::new("2", token.expose()).into())
    }
}

/// A clock whose hands are moved apart: what people read, and what goes on evenly.
#[derive(Debug)]
pub(crate) struct HandClock {
    wall: AtomicI64,
    elapsed: AtomicU64,
}

impl HandClock {
    pub(crate) fn at(millis: i64) -> Arc<Self> {
        Arc::new(Self { wall: AtomicI64::new(millis), elapsed: AtomicU64::new(0) })
    }

    /// Sets what people read.
    pub(crate) fn set(&self, millis: i64) {
        self.wall.store(millis, Ordering::SeqCst);
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, millis: i64) {
        self.wall.fetch_add(millis, Ordering::SeqCst);
        self.elapsed.fetch_add(millis as u64, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Duration {
        Duration::from_millis(self.wall.load(Ordering::SeqCst) as u64)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed.load(Ordering::SeqCst))
    }
}

/// One node.
pub(crate) struct World {
    pub(crate) api: Api,
    pub(crate) client: TestClient,
    pub(crate) log: CallLog,
    pub(crate) gate: Gate,
    pub(crate) clock: Arc<HandClock>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::over(Arc::new(MemoryLog::default()))
    }

    pub(crate) fn over(store: Arc<dyn CallLogStore>) -> Self {
        Self::with(store, CallLogOptions::default())
    }

    pub(crate) fn with(store: Arc<dyn CallLogStore>, options: CallLogOptions) -> Self {
        let clock = HandClock::at(MIDNIGHT);
        let log = CallLog::start(store, Arc::clone(&clock) as Arc<dyn Clock>, options);
        let gate = Gate { entered: Arc::new(Semaphore::new(0)), out: Arc::new(Semaphore::new(0)) };
        let mut limits = Limits::default();
        limits.batch = 1000;
        let api = Api::builder()
            .authenticator(Names)
            .observer(log.clone())
            .clock(Arc::clone(&clock) as Arc<dyn Clock>)
            .limits(limits)
            .state(gate.clone())
            .permission(Permission::new("keeper", "Keeper", "Somebody who keeps something"))
            .build()
            .unwrap();
        Self { client: TestClient::new(api.clone()), api, log, gate, clock }
    }

    pub(crate) async fn call(&self, path: &str, params: Value) -> u16 {
        self.client.call(path, params).await.status
    }

    /// Calls of a guest from an address.
    pub(crate) async fn calls_from(&self, address: &str, path: &str, count: usize) {
        let client = Some(address.parse().unwrap());
        for _ in 0..count {
            let call = Call { client, ..Call::in_process(path, self.api.request_id()) };
            self.api.call(call.with_params(vec![json!("well")])).await;
        }
    }

    /// A client whose user holds the permission.
    pub(crate) fn keeper(&self, id: &str) -> TestClient {
        self.client.identity(User::new(id, "keeper").permission("keeper"))
    }

    /// Calls that end well.
    pub(crate) async fn calls(&self, count: usize) {
        for _ in 0..count {
            assert_eq!(self.call(END, json!(["well"])).await, 200);
        }
    }

    pub(crate) async fn totals(&self, method: &str) -> Counts {
        self.log.totals(Some(method)).await.unwrap()
    }

    /// Waits until nothing is on its way to the store any longer, however often it has to be tried.
    pub(crate) async fn written(&self, count: u64) {
        let written = async {
            while self.log.counters().written < count {
                self.log.flush().await;
            }
        };
        soon(format_args!("{count} calls to be written"), written).await;
        assert_eq!(self.log.counters().written, count);
    }

    /// Waits until so many calls have entered.
    pub(crate) async fn entered(&self, count: u32) {
        soon("calls to enter", self.gate.entered.acquire_many(count)).await.unwrap().forget();
    }

    /// Serves until the sender goes.
    pub(crate) async fn serve(&self) -> (SocketAddr, oneshot::Sender<()>) {
        let server = Server::bind(HttpService::new(self.api.clone()), "127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
        tokio::spawn(server.serve(async move { drop(stopped.await) }));
        (address, stop)
    }
}
