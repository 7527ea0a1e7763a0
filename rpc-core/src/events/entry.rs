//! What `api_event!` leaves in the binary.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::location::SourceLocation;

/// Gives the schema of an event's payload; `None` for an event without one.
pub type DescribePayload = fn(&mut SchemaGenerator) -> Option<Schema>;

/// The type of an event's payload: whatever has a JSON Schema.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the payload of an event",
    label = "not a payload",
    note = "the payload is documented and checked: derive `serde::Serialize` and `schemars::JsonSchema` for it"
)]
pub trait EventPayload {
    /// Its schema.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

#[diagnostic::do_not_recommend]
impl<T: JsonSchema> EventPayload for T {
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

/// An event as `api_event!` declares it.
#[derive(Debug, Clone, Copy)]
pub struct EventEntry {
    pub(crate) name: &'static str,
    pub(crate) location: SourceLocation,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) audience: &'static [&'static str],
    pub(crate) payload: DescribePayload,
}

inventory::collect!(EventEntry);

impl EventEntry {
    /// An event without a payload that, until [`audience`](Self::audience) says who may hear it, reaches nobody.
    #[must_use]
    pub const fn new(
        name: &'static str,
        location: SourceLocation,
        title: &'static str,
        description: &'static str,
    ) -> Self {
        Self { name, location, title, description, audience: &[], payload: |_| None }
    }

    /// Who may hear it: `*`, `guest`, `user`, `root`, `self` (one user, named when it is published) or declared permissions.
    #[must_use]
    pub const fn audience(mut self, audience: &'static [&'static str]) -> Self {
        self.audience = audience;
        self
    }

    /// The type of its payload.
    #[must_use]
    pub const fn payload<T: EventPayload>(mut self) -> Self {
        self.payload = |generator| Some(T::schema(generator));
        self
    }
}
