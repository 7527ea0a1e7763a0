//! Events from the server to connected clients: declared with their audience and schema, checked when they are published.

pub(crate) mod entry;

use jsonschema::Validator;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::entry::EventEntry;
use crate::api::Api;
use crate::bus::{BusError, Notice, PublishedEvent};
use crate::identity::Identity;
use crate::method::entry::Place;
use crate::reserved::{EVERYBODY, GUEST, ROOT, SELF, USER};

/// Who is to hear a published event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Every connection.
    Everyone,
    /// Connections of the user with this id.
    User(Box<str>),
    /// Connections of all users.
    Users,
    /// Connections of root.
    Root,
    /// Connections without a user.
    Guests,
    /// Connections of users who hold this permission.
    Permission(Box<str>),
}

impl Audience {
    /// Whether a connection of somebody belongs to it.
    #[must_use]
    pub fn includes(&self, identity: &Identity) -> bool {
        match self {
            Self::Everyone => true,
            Self::User(id) => identity.user().is_some_and(|user| user.id == *id),
            Self::Users => identity.user().is_some(),
            Self::Root => identity.is_root(),
            Self::Guests => identity.user().is_none(),
            Self::Permission(name) => identity.holds(name),
        }
    }

    /// The word for it in an event's declaration.
    fn declared_as(&self) -> &str {
        match self {
            Self::Everyone => EVERYBODY,
            Self::User(_) => SELF,
            Self::Users => USER,
            Self::Root => ROOT,
            Self::Guests => GUEST,
            Self::Permission(name) => name,
        }
    }
}

/// An event of a built [`Api`].
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
    pub fn place(&self) -> Place {
        self.entry.place
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
    /// No `api_event!` declares the name.
    #[error("the event {0} is not declared; declare it with `api_event!`")]
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
    /// Checks what is published or was heard: by its declaration, whoever says it.
    fn check(&self, audience: &Audience, payload: Option<&Value>) -> Result<(), PublishError> {
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

/// The event with a name, of those that are ordered by name.
pub(crate) fn find<'e>(events: &'e [Event], name: &str) -> Option<&'e Event> {
    let position = events.binary_search_by(|event| event.name().cmp(name)).ok()?;
    events.get(position)
}

/// Checks an event that another node published: by what this one declares.
pub(crate) fn check_heard(events: &[Event], heard: &PublishedEvent) -> Result<(), PublishError> {
    let event = find(events, &heard.name).ok_or_else(|| PublishError::Unknown(heard.name.to_string()))?;
    event.check(&heard.audience, heard.payload.as_ref())
}

impl Api {
    /// Publishes an event to an audience, over all nodes. `()` is the payload of an event without one.
    ///
    /// Whether a connection belongs to the audience is decided by the rights that are known when the event is written to it.
    /// While they are not, since they changed just now or the store does not answer, what is not for everyone waits.
    /// Every node checks it once more when it hears it, and sends its clients what it declares itself.
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    pub async fn publish(&self, audience: Audience, name: &str, payload: impl Serialize) -> Result<(), PublishError> {
        let event = self.event(name).ok_or_else(|| PublishError::Unknown(name.to_owned()))?;
        let value = serde_json::to_value(payload)?;
        let payload = (event.payload.is_some() || !value.is_null()).then_some(value);
        event.check(&audience, payload.as_ref())?;
        let published = PublishedEvent { name: event.name().into(), audience, payload };
        Ok(self.bus().announce(Notice::Event(published)).await?)
    }
}
