//! The spans of calls on their way to a collector of traces: with the feature `otel`, and an endpoint.

#[cfg(feature = "otel")]
mod exporter;
#[cfg(feature = "otel")]
mod otel;

use std::time::Duration;

use rpc_core::ApiBuilder;
use tracing_subscriber::{Layer, Registry};

use crate::config::HttpUrl;

/// Where spans go beside the log.
#[derive(Debug, Default)]
pub(crate) struct Spans(#[cfg(feature = "otel")] Option<otel::Export>);

/// What the subscriber is made of.
pub(super) type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

#[cfg(feature = "otel")]
impl Spans {
    /// Sends them to an endpoint, if there is one.
    pub(super) fn start(endpoint: Option<&HttpUrl>) -> Result<Self, String> {
        Ok(Self(endpoint.map(otel::Export::start).transpose()?))
    }

    /// The layer that hears of spans.
    pub(super) fn layer(&self) -> Option<BoxedLayer> {
        self.0.as_ref().map(otel::Export::layer)
    }

    /// Joins the calls of an API to the traces of those who call.
    pub(crate) fn join(&self, builder: ApiBuilder) -> ApiBuilder {
        if self.0.is_some() { builder.tracer(otel::Joined) } else { builder }
    }

    /// Sends those that wait, within a time. None are sent afterwards.
    pub(crate) async fn finish(self, time: Duration) {
        if let Some(export) = self.0 {
            export.finish(time).await;
        }
    }
}

#[cfg(not(feature = "otel"))]
impl Spans {
    /// Nowhere: an endpoint is refused with the configuration.
    pub(super) fn start(_: Option<&HttpUrl>) -> Result<Self, String> {
        Ok(Self())
    }

    /// No layer: nobody hears of spans.
    pub(super) fn layer(&self) -> Option<BoxedLayer> {
        None
    }

    /// The API as it is.
    pub(crate) fn join(&self, builder: ApiBuilder) -> ApiBuilder {
        builder
    }

    /// There is nothing to wait for.
    pub(crate) async fn finish(self, _: Duration) {}
}
