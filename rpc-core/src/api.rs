//! The built `Api`: every method that is served, and what the stages of a call need.

mod build;
mod builder;
mod compile;
mod declared_events;
mod faults;
mod publish;
mod select;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::builder::ApiBuilder;
pub use self::faults::{BuildError, Fault};
pub use self::publish::Publishing;
use crate::authenticator::Authenticator;
use crate::budget::{Budget, ResourceUse};
use crate::bus::Bus;
use crate::call::{RequestId, RequestIds};
use crate::clock::Clock;
use crate::events::{self, Event};
use crate::limits::Limits;
use crate::method::{Method, Module};
use crate::observer::{Observer, Tracer};
use crate::permissions::Permission;
use crate::state::{State, States};
use crate::ws::Hub;

/// A set of methods, checked and ready to serve. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    by_path: HashMap<&'static str, Arc<Method>, foldhash::fast::RandomState>,
    methods: Vec<Arc<Method>>,
    modules: Vec<Module>,
    events: Arc<[Event]>,
    client_events: HashMap<&'static str, Arc<Method>>,
    permissions: Vec<Permission>,
    result_definitions: Map<String, Value>,
    states: States,
    authenticator: Box<dyn Authenticator>,
    observers: Vec<Box<dyn Observer>>,
    tracer: Option<Box<dyn Tracer>>,
    clock: Arc<dyn Clock>,
    bus: Arc<dyn Bus>,
    hub: Arc<Hub>,
    budget: Arc<Budget>,
    limits: Limits,
    request_ids: RequestIds,
    stopping: CancellationToken,
    /// Whether `stop` was called. It is read for every call, so it takes no lock.
    stopped: AtomicBool,
    tasks: Arc<TaskTracker>,
}

impl Api {
    /// Starts with every method that the binary holds.
    #[must_use]
    pub fn builder() -> ApiBuilder {
        ApiBuilder::default()
    }

    /// The methods, ordered by path.
    pub fn methods(&self) -> impl ExactSizeIterator<Item = &Method> {
        self.0.methods.iter().map(AsRef::as_ref)
    }

    /// The method with a path.
    #[must_use]
    pub fn method(&self, path: &str) -> Option<&Method> {
        self.find(path).map(AsRef::as_ref)
    }

    /// The modules that have methods, ordered by path, each with its methods.
    pub fn modules(&self) -> impl Iterator<Item = (&Module, impl Iterator<Item = &Method>)> {
        self.0
            .modules
            .iter()
            .enumerate()
            .map(|(position, module)| (module, self.methods().filter(move |method| method.module == position)))
    }

    /// The events, ordered by name.
    pub fn events(&self) -> impl ExactSizeIterator<Item = &Event> {
        self.0.events.iter()
    }

    /// The event with a name.
    #[must_use]
    pub fn event(&self, name: &str) -> Option<&Event> {
        events::find(&self.0.events, name)
    }

    pub(crate) fn declared_events(&self) -> &[Event] {
        &self.0.events
    }

    /// The bus that connects this node to others.
    #[must_use]
    pub fn bus(&self) -> &dyn Bus {
        &*self.0.bus
    }

    /// The permissions that the application declares.
    #[must_use]
    pub fn permissions(&self) -> &[Permission] {
        &self.0.permissions
    }

    /// The definitions that the result schemas refer to as `#/$defs/…`.
    #[must_use]
    pub fn result_definitions(&self) -> &Map<String, Value> {
        &self.0.result_definitions
    }

    /// The limits that are not a method's own.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// A new id for a call that came without one.
    #[must_use]
    pub fn request_id(&self) -> RequestId {
        self.0.request_ids.next()
    }

    /// Refuses all further calls with 503. Calls that run go on.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Release);
        self.0.stopping.cancel();
        self.0.tasks.close();
    }

    /// Whether [`stop`](Self::stop) was called.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire)
    }

    /// Calls that run at this moment.
    #[must_use]
    pub fn active_calls(&self) -> u64 {
        self.methods().map(|method| u64::from(method.active_calls())).sum()
    }

    /// WebSockets that are open at this moment, on this node.
    #[must_use]
    pub fn websockets(&self) -> usize {
        self.0.hub.len()
    }

    /// How much of each bounded resource callers hold now, and how often there was no room.
    #[must_use]
    pub fn resources(&self) -> impl IntoIterator<Item = ResourceUse> + use<> {
        self.0.budget.uses()
    }

    /// Events from the bus that reached no client, because this node does not declare them, or declares them differently.
    #[must_use]
    pub fn events_refused(&self) -> u64 {
        self.0.hub.refused()
    }

    /// Waits until WebSockets are closed, and until the calls have ended that nobody waits for. Call [`stop`](Self::stop) first.
    pub async fn drained(&self) {
        self.0.tasks.wait().await;
    }

    /// Whether both are the same one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn find(&self, path: &str) -> Option<&Arc<Method>> {
        self.0.by_path.get(path)
    }

    /// The method that a client's event reaches.
    pub(crate) fn client_event(&self, name: &str) -> Option<&Method> {
        self.0.client_events.get(name).map(AsRef::as_ref)
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.0.hub
    }

    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.0.budget
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// Whether the head of an upgrade is kept for the calls of its connection: somebody looks at it.
    pub(crate) fn keeps_heads(&self) -> bool {
        self.authenticator().reads_head() || self.methods().any(Method::takes_head)
    }

    pub(crate) fn authenticator(&self) -> &dyn Authenticator {
        &*self.0.authenticator
    }

    pub(crate) fn observers(&self) -> &[Box<dyn Observer>] {
        &self.0.observers
    }

    pub(crate) fn tracer(&self) -> Option<&dyn Tracer> {
        self.0.tracer.as_deref()
    }

    pub(crate) fn tasks(&self) -> &Arc<TaskTracker> {
        &self.0.tasks
    }

    pub(crate) fn state<S: State + ?Sized>(&self) -> Option<&S> {
        self.0.states.find()
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("methods", &self.0.methods.len()).finish_non_exhaustive()
    }
}
