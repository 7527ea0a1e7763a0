//! Events from the server to connected clients: declared with their audience and schema, checked when they are published.

mod audience;
pub(crate) mod entry;
pub(crate) mod typed;

use jsonschema::Validator;
use rpc_grammar::reserved::EVERYBODY;
use serde_json::Value;

pub use self::audience::Audience;
use self::entry::EventEntry;
use crate::bus::{BusError, PublishedEvent};
use crate::location::SourceLocation;

/// An event of a built [`Api`](crate::Api).
#[derive(Debug)]
pub struct Event {
    pub(crate) entry: EventEntry,
    pub(crate) payload: Option<Payload>,
}

/// The schema of a payload, readable and compiled.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) schema: Value,
    pub(crate) validator: Validator,
}

impl Event {
    /// The name: `/settings/updated`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// The title: one line.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.entry.title
    }

    /// The description: Markdown, may be empty.
    #[must_use]
    pub fn description(&self) -> &'static str {
        self.entry.description
    }

    /// Who may hear it.
    #[must_use]
    pub fn audience(&self) -> &'static [&'static str] {
        self.entry.audience
    }

    /// Where it is declared.
    #[must_use]
    pub fn location(&self) -> SourceLocation {
        self.entry.location
    }

    /// The JSON Schema of its payload, complete with definitions; `None` for an event without one.
    #[must_use]
    pub fn payload_schema(&self) -> Option<&Value> {
        self.payload.as_ref().map(|payload| &payload.schema)
    }
}

/// Why an event is not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The `Api` has no event of the name.
    #[error(
        "the event {0} is not declared in this API; declare it with `#[derive(ApiEvent)]` or `api_event!`, and let `.only(…)` match it"
    )]
    Unknown(String),
    /// The declaration does not name the audience.
    #[error("the event {event} is declared for {declared:?}, not for \"{audience}\"")]
    Audience {
        /// The event.
        event: &'static str,
        /// The audience that it is declared for.
        declared: &'static [&'static str],
        /// The audience that was given.
        audience: String,
    },
    /// The payload does not fit its schema.
    #[error("the payload of the event {0} does not fit its declared type")]
    Payload(&'static str),
    /// The payload does not serialise.
    #[error("the payload of an event does not serialise")]
    Serialize(#[from] serde_json::Error),
    /// Clients of this node hear it, those of other nodes may not.
    #[error(transparent)]
    Bus(#[from] BusError),
}

impl From<PublishError> for crate::ApiError {
    fn from(error: PublishError) -> Self {
        Self::internal(error)
    }
}

impl Event {
    /// The audience of an event that is declared for one.
    pub(crate) fn implied_audience(&self) -> Audience {
        Audience::declared(self.audience().first().copied().unwrap_or_default())
    }

    /// Checks an event against its declaration, whether it is published here or was heard from another node.
    pub(crate) fn check(&self, audience: &Audience, payload: Option<&Value>) -> Result<(), PublishError> {
        let declared = self.audience();
        if !declared.contains(&EVERYBODY) && !declared.contains(&audience.declared_as()) {
            let audience = audience.declared_as().to_owned();
            return Err(PublishError::Audience { event: self.name(), declared, audience });
        }
        match (&self.payload, payload) {
            (None, None) => Ok(()),
            (Some(schema), Some(payload)) if schema.validator.is_valid(payload) => Ok(()),
            _ => Err(PublishError::Payload(self.name())),
        }
    }
}

/// Finds an event by its name, among events that are ordered by name.
pub(crate) fn find<'e>(events: &'e [Event], name: &str) -> Option<&'e Event> {
    let position = events.binary_search_by(|event| event.name().cmp(name)).ok()?;
    events.get(position)
}

/// Checks an event of another node against what this one declares.
pub(crate) fn check_heard(events: &[Event], heard: &PublishedEvent) -> Result<(), PublishError> {
    let event = find(events, &heard.name).ok_or_else(|| PublishError::Unknown(heard.name.to_string()))?;
    event.check(&heard.audience, heard.payload.as_ref())
}
