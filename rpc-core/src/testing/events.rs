//! What a client inside the process hears.

use std::collections::VecDeque;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::{TestClient, fail};
use crate::api::Api;
use crate::authenticator::AuthRequest;
use crate::bus::{Listener, Notice, PublishedEvent};
use crate::call::{CallHead, Transport};
use crate::events::check_heard;
use crate::events::typed::ApiEvent;
use crate::pipeline::authenticate::authenticate;

/// How long an event is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The events that a [`TestClient`] hears, from [`TestClient::events`] on.
///
/// Whether an event is for the client is decided when it is looked at, by what its credentials are worth then. An event that
/// was published before a call answered is there when the call has answered.
///
/// ```standalone_crate
/// # use rpc_core::{Api, ApiError, ApiEvent, Ctx, TestClient, User, api_method, api_module};
/// # api_module! {
/// #     /// Orders
/// #     path = "/v1/orders"
/// # }
/// /// Order shipped
/// #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema, ApiEvent)]
/// #[event(name = "/orders/shipped", audience = ["user"])]
/// struct OrderShipped {
///     order: u32,
/// }
///
/// /// Ship an order
/// #[api_method(path = "/v1/orders/ship", permissions = ["user"])]
/// async fn ship(ctx: &Ctx, order: u32) -> Result<(), ApiError> {
///     Ok(ctx.publish(&OrderShipped { order }).await?)
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let guest = TestClient::new(Api::builder().build().unwrap());
/// let ann = guest.identity(User::new("1", "ann"));
/// let (mut guests, mut anns) = (guest.events(), ann.events());
///
/// ann.call_as::<()>("/v1/orders/ship", 7.into()).await;
/// assert_eq!(anns.hear::<OrderShipped>().await, OrderShipped { order: 7 });
/// assert!(guests.heard().await.is_empty());
/// # });
/// ```
#[derive(Debug)]
pub struct TestEvents {
    client: TestClient,
    queue: Arc<Queue>,
}

/// What was published, for whomever.
#[derive(Debug)]
struct Queue {
    api: Api,
    events: Mutex<VecDeque<PublishedEvent>>,
    arrival: Notify,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, VecDeque<PublishedEvent>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Queue {
    fn hear(&self, notice: &Notice) {
        if let Notice::Event(event) = notice
            && check_heard(self.api.declared_events(), event).is_ok()
        {
            self.lock().push_back(event.clone());
            self.arrival.notify_one();
        }
    }
}

impl TestEvents {
    pub(super) fn new(client: TestClient) -> Self {
        let queue = Arc::new(Queue { api: client.api.clone(), events: Mutex::default(), arrival: Notify::new() });
        let listener: Weak<Queue> = Arc::downgrade(&queue);
        client.api.bus().listen(listener);
        Self { client, queue }
    }

    /// Waits for the next event of a type, at most five seconds. Other events before it stay to be heard.
    ///
    /// # Panics
    ///
    /// It does not come, or the client's credentials are refused. The message has the line of the caller.
    #[track_caller]
    pub fn hear<E: ApiEvent + DeserializeOwned>(&mut self) -> impl Future<Output = E> {
        let (caller, name) = (Location::caller(), E::ENTRY.name);
        async move {
            let event = self.wait(Some(name), caller).await;
            E::deserialize(event.payload.unwrap_or(Value::Null)).unwrap_or_else(|error| {
                fail(format_args!("the event {name}, heard at {caller}, is not what is declared: {error}"))
            })
        }
    }

    /// Waits for the next event, at most five seconds.
    ///
    /// # Panics
    ///
    /// None comes, or the client's credentials are refused. The message has the line of the caller.
    #[track_caller]
    pub fn hear_any(&mut self) -> impl Future<Output = PublishedEvent> {
        let caller = Location::caller();
        async move { self.wait(None, caller).await }
    }

    /// All events that were heard and not taken yet, without waiting for more.
    ///
    /// # Panics
    ///
    /// The client's credentials are refused. The message has the line of the caller.
    #[track_caller]
    pub fn heard(&mut self) -> impl Future<Output = Vec<PublishedEvent>> {
        let caller = Location::caller();
        async move {
            self.keep_own(caller).await;
            self.queue.lock().drain(..).collect()
        }
    }

    /// The next event, or the next of a name.
    async fn wait(&self, name: Option<&str>, caller: &Location<'_>) -> PublishedEvent {
        let arrival = async {
            loop {
                self.keep_own(caller).await;
                if let Some(event) = self.take(name) {
                    return event;
                }
                self.queue.arrival.notified().await;
            }
        };
        timeout(PATIENCE, arrival).await.unwrap_or_else(|_| {
            let heard: Vec<Box<str>> = self.queue.lock().iter().map(|event| event.name.clone()).collect();
            let awaited = name.unwrap_or("of any name");
            fail(format_args!(
                "no event {awaited}, awaited at {caller}, came within {PATIENCE:?}; heard were {heard:?}"
            ))
        })
    }

    fn take(&self, name: Option<&str>) -> Option<PublishedEvent> {
        let mut events = self.queue.lock();
        let position = events.iter().position(|event| name.is_none_or(|name| *event.name == *name))?;
        events.remove(position)
    }

    /// Drops what is not for the client.
    async fn keep_own(&self, caller: &Location<'_>) {
        let TestClient { api, credentials, address, head, .. } = &self.client;
        let head = CallHead::from(head.clone());
        let identity = authenticate(api, credentials.clone(), AuthRequest::new(&head, *address, Transport::InProcess))
            .await
            .unwrap_or_else(|error| fail(format_args!("the client that hears events at {caller} is refused: {error}")));
        self.queue.lock().retain(|event| event.audience.includes(&identity));
    }
}
