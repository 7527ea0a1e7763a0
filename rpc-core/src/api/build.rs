//! Builds an [`Api`], and checks everything at once before a call is served.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rpc_grammar::permission;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::builder::ApiBuilder;
use super::compile::Build;
use super::faults::{BuildError, Fault};
use super::{Api, Inner, declared_events, select};
use crate::budget::Budget;
use crate::bus::Listener;
use crate::call::RequestIds;
use crate::events::entry::EventEntry;
use crate::method::Module;
use crate::method::entry::{MethodEntry, ModuleEntry};
use crate::permissions::RESERVED;
use crate::ws::Hub;

impl ApiBuilder {
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
        let mut events = declared_events::describe(&self.selection, &self.permissions, &mut faults);
        declared_events::check_reached(&entries, &mut faults);
        let mut build = Build::new(&self, &modules, faults);
        let methods = build.methods(&entries, &mut events);
        let (mut faults, result_definitions) = build.finish();
        let events = declared_events::compile(events, &mut faults);
        if !faults.is_empty() {
            return Err(BuildError(faults));
        }
        let events: Arc<[_]> = events.into();
        let hub = Arc::new(Hub::new(Arc::clone(&events)));
        let listener: Arc<dyn Listener> = Arc::clone(&hub) as _;
        self.bus.listen(Arc::downgrade(&listener));
        let is_for_documents = self.is_for_documents;
        let api = Api(Arc::new(Inner {
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
        }));
        if is_for_documents {
            api.stop();
        }
        Ok(api)
    }

    /// The selected methods, ordered by path.
    fn entries(&self, faults: &mut Vec<Fault>) -> Vec<MethodEntry> {
        let selected = |entry: &&MethodEntry| self.selection.takes(entry.path);
        let mut entries: Vec<MethodEntry> = inventory::iter::<MethodEntry>().filter(selected).copied().collect();
        for entry in &self.methods {
            let known = |other: &MethodEntry| other.path == entry.path && other.location == entry.location;
            if !entries.iter().any(known) {
                entries.push(*entry);
            }
        }
        entries.sort_by_key(|entry| (entry.path, entry.location.file, entry.location.line));
        for pair in entries.windows(2).filter(|pair| pair[0].path == pair[1].path) {
            faults.push(Fault::DuplicateMethod {
                path: pair[0].path,
                first: pair[0].location,
                second: pair[1].location,
            });
        }
        if entries.is_empty() {
            faults.push(Fault::NoMethods);
        }
        let served: Vec<&str> = entries.iter().map(|entry| entry.path).collect();
        let mut known: Vec<&str> = inventory::iter::<MethodEntry>().map(|entry| entry.path).collect();
        known.extend(inventory::iter::<EventEntry>().map(|entry| entry.name));
        known.extend(&served);
        self.selection.check(&known, &served, faults);
        let unknown = |path: &&String| !entries.iter().any(|entry| entry.path == path.as_str());
        faults.extend(self.method_limits.keys().filter(unknown).cloned().map(Fault::LimitsForUnknownMethod));
        entries
    }

    /// Checks the limits of all methods, and those that attributes and configuration set for single ones.
    fn check_limits(&self, entries: &[MethodEntry], faults: &mut Vec<Fault>) {
        faults.extend(self.limits.faults());
        faults.extend(entries.iter().flat_map(|entry| entry.limits.faults(entry.path)));
        faults.extend(self.method_limits.iter().flat_map(|(path, limits)| limits.faults(path)));
    }

    fn check_permissions(&self, faults: &mut Vec<Fault>) {
        let bad = self.permissions.iter().map(|permission| permission.name).filter(|name| !RESERVED.contains(name));
        faults.extend(bad.filter_map(permission_fault));
        let mut names = HashSet::from(RESERVED);
        let taken = self.permissions.iter().filter(|permission| !names.insert(permission.name));
        faults.extend(taken.map(|permission| Fault::BadPermission(permission.name)));
    }
}

/// What is wrong with the name of a permission: no attribute could say it.
fn permission_fault(name: &'static str) -> Option<Fault> {
    let reason = if name.len() > permission::MAX_BYTES {
        format!("it has {} bytes, and may have {}", name.len(), permission::MAX_BYTES)
    } else if permission::has_form(name) {
        return None;
    } else {
        permission::nearest(name).map_or_else(|| permission::FORM.to_owned(), |meant| format!("write \"{meant}\""))
    };
    Some(Fault::BadPermissionName { name, reason })
}

/// The modules above the selected methods, ordered by path.
fn modules(entries: &[MethodEntry], faults: &mut Vec<Fault>) -> Vec<Module> {
    let mut modules: Vec<ModuleEntry> = inventory::iter::<ModuleEntry>().copied().collect();
    modules.sort_by_key(|module| (module.path, module.location.file, module.location.line));
    modules.retain(|module| entries.iter().any(|entry| select::is_below(entry.path, module.path)));
    for pair in modules.windows(2).filter(|pair| pair[0].path == pair[1].path) {
        faults.push(Fault::DuplicateModule { path: pair[0].path, first: pair[0].location, second: pair[1].location });
    }
    modules.into_iter().map(|entry| Module { entry }).collect()
}
