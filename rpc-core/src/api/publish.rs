//! Publishing events.

use std::pin::Pin;

use serde::Serialize;
use serde_json::Value;

use super::Api;
use crate::bus::{Notice, PublishedEvent};
use crate::events::typed::{ApiEvent, ImpliedAudience};
use crate::events::{Audience, PublishError};

/// An event on its way to its audience: published when it is awaited.
pub type Publishing<'a> = Pin<Box<dyn Future<Output = Result<(), PublishError>> + Send + 'a>>;

impl Api {
    /// Publishes an event to those whom its declaration names, over all nodes.
    ///
    /// Whether a connection belongs to the audience is decided by the rights that are known when the event is written to it.
    /// While they are not, since they changed just now or the store does not answer, what is not for everyone waits.
    /// Every node checks it once more when it hears it, and sends its clients what it declares itself.
    ///
    /// ```
    /// # use rpc_core::{Api, ApiEvent, PublishError};
    /// /// Order shipped
    /// #[derive(serde::Serialize, schemars::JsonSchema, ApiEvent)]
    /// #[event(name = "/orders/shipped", audience = ["clerk"])]
    /// struct OrderShipped {
    ///     order: String,
    /// }
    ///
    /// async fn shipped(api: &Api, order: &str) -> Result<(), PublishError> {
    ///     api.publish(&OrderShipped { order: order.to_owned() }).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    // The future names no type of the event: else the compiler would tell three times that it is none.
    pub fn publish<E>(&self, event: &E) -> Publishing<'_>
    where
        E: ApiEvent,
        E::Audience: ImpliedAudience<E>,
    {
        Box::pin(self.announce(E::ENTRY.name, None, serde_json::to_value(event)))
    }

    /// Publishes an event to one of the audiences that it is declared for, as [`publish`](Self::publish) does. `&User` is the
    /// audience of that user, a [`Permission`](crate::Permission) that of those who hold it.
    ///
    /// # Errors
    ///
    /// See [`PublishError`]; among them, that the event is not declared for the audience.
    pub fn publish_to<E: ApiEvent>(&self, audience: impl Into<Audience>, event: &E) -> Publishing<'_> {
        Box::pin(self.announce(E::ENTRY.name, Some(audience.into()), serde_json::to_value(event)))
    }

    /// Publishes an event that is known by its name alone: what the compiler checks for others is found out when it runs. `()` is
    /// the payload of an event without one.
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    pub async fn publish_by_name(
        &self,
        audience: impl Into<Audience>,
        name: &str,
        payload: impl Serialize,
    ) -> Result<(), PublishError> {
        self.announce(name, Some(audience.into()), serde_json::to_value(payload)).await
    }

    /// Publishes an event to an audience, or else to the one that it is declared for.
    async fn announce(
        &self,
        name: &str,
        audience: Option<Audience>,
        payload: serde_json::Result<Value>,
    ) -> Result<(), PublishError> {
        let event = self.event(name).ok_or_else(|| PublishError::Unknown(name.to_owned()))?;
        let audience = audience.unwrap_or_else(|| event.implied_audience());
        let payload = payload?;
        let payload = (event.payload.is_some() || !payload.is_null()).then_some(payload);
        event.check(&audience, payload.as_ref())?;
        let published = PublishedEvent { name: event.name().into(), audience, payload };
        Ok(self.bus().announce(Notice::Event(published)).await?)
    }
}
