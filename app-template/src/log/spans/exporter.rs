//! Spans leave: named as OpenTelemetry names such things, and sent on the thread of the exporter.

use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// How long one batch may take on its way.
pub(super) const SEND_TIME: Duration = Duration::from_secs(5);

/// Bytes of a collector's answer that are read.
const MAX_ANSWER: u64 = 64 * 1024;

/// An exporter that names the spans of calls after their methods, and says when batches are lost.
#[derive(Debug)]
pub(super) struct CallExporter<E>(E);

impl<E> CallExporter<E> {
    pub(super) fn new(exporter: E) -> Self {
        Self(exporter)
    }
}

impl<E: SpanExporter> SpanExporter for CallExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let sent = self.0.export(batch.into_iter().map(named).collect()).await;
        if let Err(error) = &sent {
            tracing::warn!(event = "traces.lost", spans, "{spans} spans were not sent: {error}");
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

/// The span of a call in the words of OpenTelemetry's semantic conventions for RPC; others as they are.
fn named(mut span: SpanData) -> SpanData {
    if span.name != "call" {
        return span;
    }
    span.span_kind = SpanKind::Server;
    for KeyValue { key, value, .. } in std::mem::take(&mut span.attributes) {
        let key = match key.as_str() {
            "method" => {
                span.name = value.as_str().into_owned().into();
                "rpc.method".into()
            }
            "status" => {
                if matches!(value, Value::I64(500..)) {
                    span.status = Status::error("");
                }
                "http.response.status_code".into()
            }
            "user" => "enduser.id".into(),
            // The span has these itself.
            "trace_id" | "parent_id" | "ms" => continue,
            _ => key,
        };
        span.attributes.push(KeyValue::new(key, value));
    }
    span
}

/// Sends batches, one after the other, on the exporter's thread: nothing else is kept by it.
#[derive(Debug)]
pub(super) struct Client(ureq::Agent);

impl Default for Client {
    fn default() -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(SEND_TIME)).http_status_as_error(false);
        // Of variables of the environment only those in the table of options have a say.
        Self(config.proxy(None).max_redirects(0).build().into())
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let (parts, mut body) = self.0.run(Request::from_parts(parts, &*body))?.into_parts();
        let body = body.with_config().limit(MAX_ANSWER).read_to_vec()?;
        Ok(Response::from_parts(parts, body.into()))
    }
}
