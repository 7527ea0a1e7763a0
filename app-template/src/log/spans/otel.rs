//! OpenTelemetry: spans are sent in batches, in OTLP over HTTP, and belong to the traces of those who call.

use std::time::Duration;

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use rpc_core::TraceContext;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;

use super::BoxedLayer;
use super::exporter::{CallExporter, Client, SEND_TIME};
use crate::config::HttpUrl;
use crate::naming;

/// Sends spans, until it is finished.
#[derive(Debug)]
pub(super) struct Export(SdkTracerProvider);

impl Export {
    /// Starts the thread that sends.
    pub(super) fn start(endpoint: &HttpUrl) -> Result<Self, String> {
        let url = format!("{}/v1/traces", endpoint.to_string().trim_end_matches('/'));
        let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_endpoint(url);
        let exporter = exporter.with_timeout(SEND_TIME).with_http_client(Client::default()).build();
        let exporter = exporter.map_err(|error| error.to_string())?;
        let version = KeyValue::new("service.version", naming::version());
        let resource = Resource::builder_empty().with_service_name(naming::name()).with_attribute(version).build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(CallExporter::new(exporter))
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
            .with_resource(resource)
            .build();
        Ok(Self(provider))
    }

    /// Hears of spans; what is logged in them stays in the log.
    pub(super) fn layer(&self) -> BoxedLayer {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(naming::name()))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| metadata.is_span() && *metadata.level() <= Level::INFO))
            .boxed()
    }

    /// Sends what waits.
    pub(super) async fn finish(self, time: Duration) {
        let finished = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(time));
        // It may wait for a thread, or hang in the system: the end does not.
        let failed = match tokio::time::timeout(time, finished).await {
            Ok(Ok(Ok(()))) => return,
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => "it took too long".to_owned(),
        };
        tracing::warn!(event = "traces.lost", "the last spans may not have been sent: {failed}");
    }
}

/// Calls belong to the traces of those who call.
#[derive(Debug)]
pub(super) struct Joined;

impl rpc_core::Tracer for Joined {
    fn join(&self, span: &Span, trace: &TraceContext) {
        if let Some(context) = span_context(trace) {
            // It fails when nothing exports this span.
            let _ = span.set_parent(Context::new().with_remote_span_context(context));
        }
    }

    fn outgoing(&self) -> Option<TraceContext> {
        let context = Span::current().context();
        let span = context.span();
        let span = span.span_context().is_valid().then(|| span.span_context())?;
        let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags());
        let trace = TraceContext::parse(&format!("00-{trace}-{id}-{flags:02x}"))?;
        Some(trace.with_state(&span.trace_state().header()))
    }
}

fn span_context(trace: &TraceContext) -> Option<SpanContext> {
    let flags = if trace.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let state = trace.tracestate().and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default();
    let (id, parent) = (TraceId::from_hex(trace.trace_id()).ok()?, SpanId::from_hex(trace.parent_id()).ok()?);
    Some(SpanContext::new(id, parent, flags, true, state))
}
