//! Collects the methods, and checks everything at once before a call is served.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::compile::Build;
use super::faults::{BuildError, Fault};
use super::{Api, Inner, declared_events, select};
use crate::budget::Budget;
use crate::bus::{Bus, Listener, LocalBus};
use crate::call::RequestIds;
use crate::clock::{Clock, SystemClock};
use crate::limits::Limits;
use crate::method::entry::{MethodEntry, MethodLimits, ModuleEntry};
use crate::method::inject::State;
use crate::method::{Method, Module};
use crate::permissions::{Permission, RESERVED};
use crate::pipeline::authenticate::{Authenticator, NoTokens};
use crate::pipeline::observe::Observer;
use crate::pipeline::span::Tracer;
use crate::ws::Hub;

/// Says what an [`Api`] serves, and with what.
pub struct ApiBuilder {
    only: Vec<String>,
    expected: Vec<String>,
    methods: Vec<MethodEntry>,
    pub(super) permissions: Vec<Permission>,
    pub(super) states: Vec<(TypeId, Box<dyn Any + Send + Sync>)>,
    authenticator: Box<dyn Authenticator>,
    observers: Vec<Box<dyn Observer>>,
    tracer: Option<Box<dyn Tracer>>,
    pub(super) is_counted: bool,
    clock: Arc<dyn Clock>,
    bus: Arc<dyn Bus>,
    pub(super) limits: Limits,
    pub(super) method_limits: BTreeMap<String, MethodLimits>,
}

impl Default for ApiBuilder {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            expected: Vec::new(),
            methods: Vec::new(),
            permissions: Vec::new(),
            states: Vec::new(),
            authenticator: Box::new(NoTokens),
            observers: Vec::new(),
            tracer: None,
            is_counted: false,
            clock: Arc::new(SystemClock::default()),
            bus: Arc::new(LocalBus::default()),
            limits: Limits::default(),
            method_limits: BTreeMap::new(),
        }
    }
}

impl fmt::Debug for ApiBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiBuilder").field("only", &self.only).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl ApiBuilder {
    /// Serves, of the methods that the binary holds, only those that match: `/v1/**`, `/v1/users/*`. Adds up when repeated.
    #[must_use]
    pub fn only(mut self, pattern: &str) -> Self {
        self.only.push(pattern.to_owned());
        self
    }

    /// Refuses to build when no method matches; for crates of methods that could drop out of the binary unseen.
    #[must_use]
    pub fn expect(mut self, pattern: &str) -> Self {
        self.expected.push(pattern.to_owned());
        self
    }

    /// Adds a method explicitly, whatever [`only`](Self::only) says.
    #[must_use]
    pub fn method(mut self, entry: MethodEntry) -> Self {
        self.methods.push(entry);
        self
    }

    /// Declares a permission.
    #[must_use]
    pub fn permission(mut self, permission: Permission) -> Self {
        self.permissions.push(permission);
        self
    }

    /// Gives a state that methods take by reference. A second one of the same type replaces the first.
    #[must_use]
    pub fn state<S: State>(mut self, state: S) -> Self {
        self.states.retain(|(id, _)| *id != TypeId::of::<S>());
        self.states.push((TypeId::of::<S>(), Box::new(state)));
        self
    }

    /// Who checks tokens. Without one no token is good.
    #[must_use]
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.authenticator = Box::new(authenticator);
        self
    }

    /// Adds somebody who is told of every call.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Counts the calls of each method, and their times: see [`Method::counts`]. Methods whose calls are not logged are counted
    /// too.
    #[must_use]
    pub fn counted(mut self) -> Self {
        self.is_counted = true;
        self
    }

    /// Who exports the spans of calls.
    #[must_use]
    pub fn tracer(mut self, tracer: impl Tracer) -> Self {
        self.tracer = Some(Box::new(tracer));
        self
    }

    /// Another clock, for tests.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// What this node shares with others. Default: a [`LocalBus`] of its own.
    #[must_use]
    pub fn bus(mut self, bus: Arc<dyn Bus>) -> Self {
        self.bus = bus;
        self
    }

    /// Other limits than the defaults, each within its range.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The limits of one method, from the configuration; what is `None` is left as the attribute says.
    #[must_use]
    pub fn method_limits(mut self, path: &str, limits: MethodLimits) -> Self {
        self.method_limits.insert(path.to_owned(), limits);
        self
    }

    /// Checks everything and builds.
    ///
    /// # Errors
    ///
    /// All faults at once: see [`Fault`].
    pub fn build(mut self) -> Result<Api, BuildError> {
        let mut faults = Vec::new();
        let entries = self.entries(&mut faults);
        let modules = modules(&entries, &mut faults);
        self.check_permissions(&mut faults);
        self.check_limits(&entries, &mut faults);
        let events = declared_events::compile(&self.only, &self.permissions, &mut faults);
        declared_events::check_reached(&entries, &mut faults);
        let mut build = Build::new(&self, &modules, faults);
        let methods: Vec<Arc<Method>> = entries.iter().filter_map(|entry| build.method(entry)).map(Arc::new).collect();
        let (faults, result_definitions) = build.finish();
        if !faults.is_empty() {
            return Err(BuildError(faults));
        }
        let events: Arc<[_]> = events.into();
        let hub = Arc::new(Hub::new(Arc::clone(&events)));
        let listener: Arc<dyn Listener> = Arc::clone(&hub) as _;
        self.bus.listen(Arc::downgrade(&listener));
        Ok(Api(Arc::new(Inner {
            by_path: methods.iter().map(|method| (method.path(), Arc::clone(method))).collect(),
            client_events: declared_events::reached_methods(&methods),
            methods,
            modules,
            events,
            permissions: self.permissions,
            result_definitions,
            states: std::mem::take(&mut self.states),
            authenticator: self.authenticator,
            observers: self.observers,
            tracer: self.tracer,
            budget: Arc::new(Budget::new(&self.limits, Arc::clone(&self.clock))),
            clock: self.clock,
            bus: self.bus,
            hub,
            limits: self.limits,
            request_ids: RequestIds::default(),
            stopping: CancellationToken::new(),
            stopped: AtomicBool::new(false),
            tasks: Arc::new(TaskTracker::new()),
        })))
    }

    /// The selected methods, ordered by path.
    fn entries(&self, faults: &mut Vec<Fault>) -> Vec<MethodEntry> {
        let selected = |entry: &&MethodEntry| {
            self.only.is_empty() || self.only.iter().any(|pattern| select::matches(pattern, entry.path))
        };
        let mut entries: Vec<MethodEntry> = inventory::iter::<MethodEntry>().filter(selected).copied().collect();
        for entry in &self.methods {
            let known = |other: &MethodEntry| other.path == entry.path && other.place == entry.place;
            if !entries.iter().any(known) {
                entries.push(*entry);
            }
        }
        entries.sort_by_key(|entry| (entry.path, entry.place.file, entry.place.line));
        for pair in entries.windows(2).filter(|pair| pair[0].path == pair[1].path) {
            faults.push(Fault::DuplicateMethod { path: pair[0].path, first: pair[0].place, second: pair[1].place });
        }
        if entries.is_empty() {
            faults.push(Fault::NoMethods);
        }
        let unmatched = |pattern: &&String| !entries.iter().any(|entry| select::matches(pattern, entry.path));
        faults.extend(self.expected.iter().filter(unmatched).cloned().map(Fault::NothingMatches));
        let unknown = |path: &&String| !entries.iter().any(|entry| entry.path == path.as_str());
        faults.extend(self.method_limits.keys().filter(unknown).cloned().map(Fault::LimitsForUnknownMethod));
        entries
    }

    /// Those of all methods, and those of single ones by attribute and by configuration.
    fn check_limits(&self, entries: &[MethodEntry], faults: &mut Vec<Fault>) {
        faults.extend(self.limits.faults());
        faults.extend(entries.iter().flat_map(|entry| entry.limits.faults(entry.path)));
        faults.extend(self.method_limits.iter().flat_map(|(path, limits)| limits.faults(path)));
    }

    fn check_permissions(&self, faults: &mut Vec<Fault>) {
        let mut names = HashSet::from(RESERVED);
        let taken = self.permissions.iter().filter(|permission| !names.insert(permission.name));
        faults.extend(taken.map(|permission| Fault::BadPermission(permission.name)));
    }
}

/// The modules above the selected methods, ordered by path.
fn modules(entries: &[MethodEntry], faults: &mut Vec<Fault>) -> Vec<Module> {
    let mut modules: Vec<ModuleEntry> = inventory::iter::<ModuleEntry>().copied().collect();
    modules.sort_by_key(|module| (module.path, module.place.file, module.place.line));
    modules.retain(|module| entries.iter().any(|entry| is_below(entry.path, module.path)));
    for pair in modules.windows(2).filter(|pair| pair[0].path == pair[1].path) {
        faults.push(Fault::DuplicateModule { path: pair[0].path, first: pair[0].place, second: pair[1].place });
    }
    modules.into_iter().map(|entry| Module { entry }).collect()
}

pub(super) fn is_below(method: &str, module: &str) -> bool {
    method.strip_prefix(module).is_some_and(|rest| rest.starts_with('/'))
}
