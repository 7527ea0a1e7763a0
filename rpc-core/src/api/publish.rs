//! Publishing events.

use serde::Serialize;

use super::Api;
use crate::bus::{Notice, PublishedEvent};
use crate::events::{Audience, PublishError};

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
