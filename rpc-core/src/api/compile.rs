//! One method of a build: its signature is described, checked and compiled.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::builder::ApiBuilder;
use super::declared_events::DescribedEvent;
use super::faults::{Fault, declared};
use super::select::is_below;
use crate::limits::EffectiveLimits;
use crate::method::entry::{MethodEntry, ParamEntry, Signature, UploadUse};
use crate::method::errors::DeclaredError;
use crate::method::finite::Finite;
use crate::method::{Method, Module, Parameter};
use crate::permissions::Access;
use crate::schema::names::{self, Definitions, Renaming};
use crate::schema::{self, MethodSchema, fractions};
use crate::state::WantedState;

/// What the methods of one build share.
pub(super) struct Build<'b> {
    builder: &'b ApiBuilder,
    modules: &'b [Module],
    faults: Vec<Fault>,
    /// The definitions of all results, by name.
    outputs: BTreeMap<String, Value>,
}

impl<'b> Build<'b> {
    pub(super) fn new(builder: &'b ApiBuilder, modules: &'b [Module], faults: Vec<Fault>) -> Self {
        Self { builder, modules, faults, outputs: BTreeMap::new() }
    }

    /// The faults, and what the result schemas of all methods refer to.
    pub(super) fn finish(self) -> (Vec<Fault>, Map<String, Value>) {
        (self.faults, self.outputs.into_iter().collect())
    }

    /// Compiles the methods. Those that something is wrong with are left out. Events get the names of types that results have.
    pub(super) fn methods(&mut self, entries: &[MethodEntry], events: &mut [DescribedEvent]) -> Vec<Arc<Method>> {
        let mut described: Vec<Described> = entries.iter().map(|entry| self.describe(entry)).collect();
        self.name_types(&mut described, events);
        let compiled = on_all_cores(&described, |described| compile(&described.params, described.inputs.schemas()));
        let methods = entries.iter().zip(described).zip(compiled);
        methods
            .filter_map(|((entry, described), compiled)| self.method(entry, described, compiled))
            .map(Arc::new)
            .collect()
    }

    fn describe(&mut self, entry: &MethodEntry) -> Described {
        let (mut inputs, mut outputs) = (schema::input_generator(), schema::output_generator());
        let mut described = Described::new(entry, &mut inputs, &mut outputs);
        described.inputs = Definitions::take(&mut inputs);
        described.outputs = Definitions::take(&mut outputs);
        let known_faults = self.faults.len();
        let definitions = described.outputs.schemas();
        described.may_be_broken =
            described.result.as_ref().is_none_or(|result| fractions::may_hold(result.as_value(), definitions));
        self.apply_rules(entry, &mut described);
        self.check_access(entry);
        self.check_states(entry, &described.states);
        self.check_errors(entry, &mut described.errors);
        if entry.limits.upload.is_some() && described.upload == UploadUse::None {
            self.faults.push(Fault::UploadWithoutFile { method: entry.path, location: entry.location });
        }
        if described.repeats_upload {
            self.faults.push(Fault::RepeatedUpload { method: entry.path, location: entry.location });
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
        let default = |(position, param): (usize, &ParamEntry)| Some((position, param.rules.default.clone()?));
        let defaults = described.params.iter().enumerate().filter_map(default).collect();
        let params = described.params.into_iter().zip(required);
        Some(Method {
            entry: *entry,
            module: described.module?,
            access: Access::new(entry.permissions),
            params: params.map(|(entry, required)| Parameter { entry, required }).collect(),
            defaults,
            result: described.result.unwrap_or_else(|| Schema::from(true)),
            errors: described.errors,
            upload: described.upload,
            takes_head: described.head,
            answers_file: described.file,
            schema,
            limits: EffectiveLimits::new(&entry.limits, &configured, &self.builder.limits),
            gate: Arc::default(),
            finite: Finite::new(self.builder.non_finite, described.may_be_broken),
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
                let declared = declared(&self.builder.permissions);
                self.faults.push(Fault::UnknownPermission { method, location, permission, declared });
            }
        }
    }

    fn apply_rules(&mut self, entry: &MethodEntry, described: &mut Described) {
        for param in &mut described.params {
            let (method, location, param_name) = (entry.path, entry.location, param.name);
            let reasons = param.apply_rules(described.inputs.schemas()).into_iter();
            self.faults.extend(reasons.map(|reason| Fault::BadParameter {
                method,
                location,
                param: param_name,
                reason,
            }));
        }
    }

    fn check_states(&mut self, entry: &MethodEntry, wanted: &[WantedState]) {
        if self.builder.is_for_documents {
            return;
        }
        let states = &self.builder.states;
        for wanted in wanted.iter().filter(|wanted| !wanted.is_given(states)) {
            self.faults.push(Fault::missing_state(entry.path, entry.location, wanted, states));
        }
    }

    /// Gives each type one name in all methods and events: one for what the server reads, one for what it writes.
    fn name_types(&mut self, described: &mut [Described], events: &mut [DescribedEvent]) {
        let inputs: Vec<&Definitions> = described.iter().map(|described| &described.inputs).collect();
        let (of_methods, of_events) = (described.iter().map(|described| &described.outputs), events.iter());
        let outputs: Vec<&Definitions> = of_methods.chain(of_events.map(|event| &event.definitions)).collect();
        let (inputs, mut outputs) = (names::unique(&inputs), names::unique(&outputs));
        for (event, renaming) in events.iter_mut().zip(outputs.split_off(described.len())) {
            event.rename(&renaming);
        }
        for ((described, inputs), outputs) in described.iter_mut().zip(inputs).zip(outputs) {
            described.rename(&inputs, &outputs);
            let definitions = std::mem::take(&mut described.outputs).into_schemas();
            self.outputs.extend(definitions);
        }
    }

    /// Checks that a kind means one error; the same error may come from several types.
    fn check_errors(&mut self, entry: &MethodEntry, errors: &mut Vec<DeclaredError>) {
        let mut known: Vec<DeclaredError> = Vec::new();
        for error in errors.drain(..) {
            match known.iter().find(|other| other.kind() == error.kind()) {
                None => known.push(error),
                Some(other) if *other == error => {}
                Some(_) => self.faults.push(Fault::ErrorKind {
                    method: entry.path,
                    location: entry.location,
                    kind: error.kind(),
                }),
            }
        }
        *errors = known;
    }
}

/// What a method says of its signature, and what is wrong with it.
struct Described {
    params: Vec<ParamEntry>,
    inputs: Definitions,
    outputs: Definitions,
    module: Option<usize>,
    faults: Vec<Fault>,
    result: Option<Schema>,
    errors: Vec<DeclaredError>,
    /// The answer may hold a number that is not finite.
    may_be_broken: bool,
    states: Vec<WantedState>,
    upload: UploadUse,
    repeats_upload: bool,
    head: bool,
    file: bool,
}

impl Described {
    fn new(entry: &MethodEntry, inputs: &mut SchemaGenerator, outputs: &mut SchemaGenerator) -> Self {
        let mut signature = Signature {
            inputs,
            outputs,
            params: Vec::new(),
            result: None,
            errors: Vec::new(),
            states: Vec::new(),
            upload: UploadUse::None,
            repeats_upload: false,
            head: false,
            file: false,
        };
        (entry.describe)(&mut signature);
        let Signature { params, result, errors, states, upload, repeats_upload, head, file, .. } = signature;
        let (inputs, outputs) = (Definitions::default(), Definitions::default());
        Self {
            params,
            inputs,
            outputs,
            module: None,
            faults: Vec::new(),
            result,
            errors,
            may_be_broken: true,
            states,
            upload,
            repeats_upload,
            head,
            file,
        }
    }

    fn rename(&mut self, inputs: &Renaming, outputs: &Renaming) {
        self.inputs.rename(inputs);
        for param in &mut self.params {
            names::rename(&mut param.schema, inputs);
        }
        for details in self.errors.iter_mut().flat_map(DeclaredError::details_mut) {
            names::rename_in(details, outputs);
        }
        if let Some(result) = &mut self.result {
            names::rename(result, outputs);
        }
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
