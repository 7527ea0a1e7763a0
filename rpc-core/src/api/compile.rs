//! One method of a build: its signature is described, checked and compiled.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::builder::ApiBuilder;
use super::faults::Fault;
use super::select::is_below;
use crate::limits::EffectiveLimits;
use crate::method::entry::{MethodEntry, ParamEntry, Signature, StateKey, UploadUse};
use crate::method::{Method, Module, Parameter};
use crate::permissions::Access;
use crate::schema::{self, MethodSchema};

/// What the methods of one build share.
pub(super) struct Build<'b> {
    builder: &'b ApiBuilder,
    modules: &'b [Module],
    faults: Vec<Fault>,
    inputs: Names,
    outputs: Names,
}

impl<'b> Build<'b> {
    pub(super) fn new(builder: &'b ApiBuilder, modules: &'b [Module], faults: Vec<Fault>) -> Self {
        Self { builder, modules, faults, inputs: Names::default(), outputs: Names::default() }
    }

    /// The faults, and what the result schemas of all methods refer to.
    pub(super) fn finish(self) -> (Vec<Fault>, Map<String, Value>) {
        (self.faults, self.outputs.into_definitions())
    }

    /// Compiles the methods. Those that something is wrong with are left out.
    pub(super) fn methods(&mut self, entries: &[MethodEntry]) -> Vec<Arc<Method>> {
        let described: Vec<Described> = entries.iter().map(|entry| self.describe(entry)).collect();
        let compiled = on_all_cores(&described, |described| compile(&described.params, &described.definitions));
        let methods = entries.iter().zip(described).zip(compiled);
        methods
            .filter_map(|((entry, described), compiled)| self.method(entry, described, compiled))
            .map(Arc::new)
            .collect()
    }

    fn describe(&mut self, entry: &MethodEntry) -> Described {
        let (mut inputs, mut outputs) = (schema::input_generator(), schema::output_generator());
        let mut described = Described::new(entry, &mut inputs, &mut outputs);
        described.definitions = inputs.take_definitions(true);
        let known_faults = self.faults.len();
        self.check_names(entry, &described.definitions, &outputs.take_definitions(true));
        self.check_access(entry);
        self.check_states(entry, &described.states);
        if entry.limits.upload.is_some() && described.upload == UploadUse::None {
            self.faults.push(Fault::UploadWithoutFile { method: entry.path, location: entry.location });
        }
        if entry.client_event.is_some() && (entry.private || described.upload == UploadUse::Required) {
            self.faults.push(Fault::UnreachableByEvent { method: entry.path, location: entry.location });
        }
        described.module = self.module_of(entry);
        described.faults = self.faults.split_off(known_faults);
        described
    }

    /// Builds one method; `None` when something is wrong with it.
    fn method(&mut self, entry: &MethodEntry, mut described: Described, compiled: Compiled) -> Option<Method> {
        let is_well = described.faults.is_empty();
        self.faults.append(&mut described.faults);
        let (schema, required) = compiled
            .map_err(|reason| {
                self.faults.push(Fault::BadSchema { method: entry.path, location: entry.location, reason })
            })
            .ok()
            .filter(|_| is_well)?;
        let configured = self.builder.method_limits.get(entry.path).copied().unwrap_or_default();
        let params = described.params.into_iter().zip(required);
        Some(Method {
            entry: *entry,
            module: described.module?,
            access: Access::new(entry.permissions),
            params: params.map(|(entry, required)| Parameter { entry, required }).collect(),
            result: described.result.unwrap_or_else(|| Schema::from(true)),
            upload: described.upload,
            schema,
            limits: EffectiveLimits::new(&entry.limits, &configured, &self.builder.limits),
            gate: Arc::default(),
            counters: self.builder.is_counted.then(Box::default),
        })
    }

    /// The module with the longest path above the method.
    fn module_of(&mut self, entry: &MethodEntry) -> Option<usize> {
        let above = |(_, module): &(usize, &Module)| is_below(entry.path, module.path());
        let module = self.modules.iter().enumerate().filter(above).max_by_key(|(_, module)| module.path().len());
        if module.is_none() {
            let path = entry.path.rsplit_once('/').map_or(entry.path, |(module, _)| module).to_owned();
            self.faults.push(Fault::NoModule { method: entry.path, location: entry.location, module: path });
        }
        module.map(|(position, _)| position)
    }

    fn check_access(&mut self, entry: &MethodEntry) {
        let (method, location) = (entry.path, entry.location);
        if entry.permissions.is_empty() {
            self.faults.push(Fault::NoPermissions { method, location });
        }
        let names: Vec<&str> = self.builder.permissions.iter().map(|permission| permission.name).collect();
        for &permission in Access::new(entry.permissions).holders() {
            if !names.contains(&permission) {
                let declared = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                self.faults.push(Fault::UnknownPermission { method, location, permission, declared });
            }
        }
    }

    fn check_states(&mut self, entry: &MethodEntry, states: &[StateKey]) {
        if self.builder.is_for_documents {
            return;
        }
        for state in states {
            if !self.builder.states.iter().any(|(given, _)| *given == state.id) {
                let (method, location, state) = (entry.path, entry.location, state.name);
                self.faults.push(Fault::MissingState { method, location, state });
            }
        }
    }

    fn check_names(&mut self, entry: &MethodEntry, inputs: &Map<String, Value>, outputs: &Map<String, Value>) {
        let collisions = self.inputs.add(entry.path, inputs).into_iter().chain(self.outputs.add(entry.path, outputs));
        self.faults.extend(collisions);
    }
}

/// What a method says of its signature, and what is wrong with it.
struct Described {
    params: Vec<ParamEntry>,
    definitions: Map<String, Value>,
    module: Option<usize>,
    faults: Vec<Fault>,
    result: Option<Schema>,
    states: Vec<StateKey>,
    upload: UploadUse,
}

impl Described {
    fn new(entry: &MethodEntry, inputs: &mut SchemaGenerator, outputs: &mut SchemaGenerator) -> Self {
        let mut signature = Signature {
            inputs,
            outputs,
            params: Vec::new(),
            result: None,
            states: Vec::new(),
            upload: UploadUse::None,
        };
        (entry.describe)(&mut signature);
        let Signature { params, result, states, upload, .. } = signature;
        Self { params, definitions: Map::new(), module: None, faults: Vec::new(), result, states, upload }
    }
}

/// The number of items that is worth starting a further thread.
const WORTH_A_THREAD: usize = 16;

/// Does some work for all items, on several threads.
fn on_all_cores<I: Sync, O: Send>(items: &[I], work: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let part = items.len().div_ceil(cores).max(WORTH_A_THREAD);
    let work = &|part: &[I]| part.iter().map(&work).collect::<Vec<O>>();
    thread::scope(|scope| {
        let mut parts = items.chunks(part);
        let own = parts.next().unwrap_or_default();
        let others: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
        let mut done = work(own);
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    })
}

/// The schema of the positional array, and for each parameter whether it is required.
type Compiled = Result<(MethodSchema, Vec<bool>), String>;

fn compile(params: &[ParamEntry], definitions: &Map<String, Value>) -> Compiled {
    let schemas: Vec<&Schema> = params.iter().map(|param| &param.schema).collect();
    let required = schemas.iter().map(|schema| schema::accepts_null(schema, definitions).map(|null| !null));
    let required = required.collect::<Result<Vec<bool>, String>>()?;
    MethodSchema::new(&schemas, &required, definitions).map(|schema| (schema, required))
}

/// Schema names over all methods, each with the method that used it first.
#[derive(Default)]
struct Names(HashMap<String, (Value, &'static str)>);

impl Names {
    fn add(&mut self, method: &'static str, definitions: &Map<String, Value>) -> Vec<Fault> {
        let mut collisions = Vec::new();
        for (name, schema) in definitions {
            match self.0.get(name) {
                Some((known, first)) if known != schema => {
                    collisions.push(Fault::SchemaName { name: name.clone(), first, second: method });
                }
                Some(_) => {}
                None => {
                    self.0.insert(name.clone(), (schema.clone(), method));
                }
            }
        }
        collisions
    }

    fn into_definitions(self) -> Map<String, Value> {
        let mut definitions: Vec<(String, Value)> =
            self.0.into_iter().map(|(name, (schema, _))| (name, schema)).collect();
        definitions.sort_by(|(left, _), (right, _)| left.cmp(right));
        definitions.into_iter().collect()
    }
}
