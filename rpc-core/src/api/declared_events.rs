//! The events of a build: selected, checked, compiled.

use std::collections::HashMap;
use std::sync::Arc;

use schemars::Schema;
use serde_json::{Map, json};

use super::faults::{self, Fault};
use super::select::Selection;
use crate::events::entry::EventEntry;
use crate::events::{Event, Payload};
use crate::location::SourceLocation;
use crate::method::Method;
use crate::method::entry::MethodEntry;
use crate::permissions::{Permission, RESERVED};
use crate::schema;
use crate::schema::names::{self, Definitions, Renaming};

/// An event with the schema of its payload, before types have their names.
pub(super) struct DescribedEvent {
    entry: EventEntry,
    payload: Option<Schema>,
    pub(super) definitions: Definitions,
}

impl DescribedEvent {
    fn new(entry: EventEntry) -> Self {
        let mut generator = schema::output_generator();
        let payload = (entry.payload)(&mut generator);
        Self { entry, payload, definitions: Definitions::take(&mut generator) }
    }

    pub(super) fn rename(&mut self, names: &Renaming) {
        self.definitions.rename(names);
        if let Some(payload) = &mut self.payload {
            names::rename(payload, names);
        }
    }
}

/// The selected events, ordered by name.
pub(super) fn describe(
    selection: &Selection,
    permissions: &[Permission],
    faults: &mut Vec<Fault>,
) -> Vec<DescribedEvent> {
    let selected = |entry: &&EventEntry| selection.takes(entry.name);
    let mut entries: Vec<EventEntry> = inventory::iter::<EventEntry>().filter(selected).copied().collect();
    entries.sort_by_key(|entry| (entry.name, entry.location.file, entry.location.line));
    for pair in entries.windows(2).filter(|pair| pair[0].name == pair[1].name) {
        faults.push(Fault::DuplicateEvent { name: pair[0].name, first: pair[0].location, second: pair[1].location });
    }
    entries.iter().for_each(|entry| check_audience(entry, permissions, faults));
    entries.into_iter().map(DescribedEvent::new).collect()
}

/// The events whose payloads have a valid schema.
pub(super) fn compile(described: Vec<DescribedEvent>, faults: &mut Vec<Fault>) -> Vec<Event> {
    described.into_iter().filter_map(|described| event(described, faults)).collect()
}

fn check_audience(entry: &EventEntry, permissions: &[Permission], faults: &mut Vec<Fault>) {
    let (event, location) = (entry.name, entry.location);
    if entry.audience.is_empty() {
        let declared = faults::declared(permissions);
        faults.push(Fault::UnknownAudience { event, location, audience: "", declared });
    }
    for &audience in entry.audience {
        let declared = permissions.iter().any(|permission| permission.name == audience);
        if !declared && !RESERVED.contains(&audience) {
            let declared = faults::declared(permissions);
            faults.push(Fault::UnknownAudience { event, location, audience, declared });
        }
    }
}

fn event(described: DescribedEvent, faults: &mut Vec<Fault>) -> Option<Event> {
    let DescribedEvent { entry, payload, definitions } = described;
    let Some(payload) = payload else { return Some(Event { entry, payload: None }) };
    let payload = Map::from_iter([("allOf".to_owned(), json!([payload]))]);
    let schema = schema::with_definitions(payload, definitions.schemas());
    match schema::compile(&schema) {
        Ok(validator) => Some(Event { entry, payload: Some(Payload { schema, validator }) }),
        Err(reason) => {
            faults.push(Fault::BadPayload { event: entry.name, location: entry.location, reason });
            None
        }
    }
}

/// Checks that a client's event reaches one method only.
pub(super) fn check_reached(entries: &[MethodEntry], faults: &mut Vec<Fault>) {
    let mut known: HashMap<&'static str, SourceLocation> = HashMap::new();
    for entry in entries {
        let Some(name) = entry.client_event else { continue };
        if let Some(first) = known.insert(name, entry.location) {
            faults.push(Fault::DuplicateEvent { name, first, second: entry.location });
        }
    }
}

/// The methods that clients reach with an event of their own.
pub(super) fn reached_methods(methods: &[Arc<Method>]) -> HashMap<&'static str, Arc<Method>> {
    let reached = methods.iter().filter_map(|method| Some((method.entry.client_event?, Arc::clone(method))));
    reached.collect()
}
