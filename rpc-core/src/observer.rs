//! Observers of calls, and whoever exports their spans.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Span;

use crate::call::{CallRecord, TraceContext};
use crate::error::error_chain;

/// Observes every call: a log, metrics.
///
/// Called on the path of the call, so an implementation takes what it needs and returns at once.
pub trait Observer: Send + Sync + 'static {
    /// A call has ended.
    fn observe(&self, record: &CallRecord<'_>);
}

/// Joins the spans of calls to the traces of other systems: implemented by whatever exports spans.
///
/// Called on the path of the call.
pub trait Tracer: Send + Sync + 'static {
    /// A call from outside has a span, which nothing has entered yet; its caller says that it belongs to a trace.
    fn join(&self, span: &Span, trace: &TraceContext);

    /// The trace to send on from the span that is current on this thread; its parent is that span.
    fn outgoing(&self) -> Option<TraceContext>;
}

/// Tells `tracing` of every call: one event a call, at debug level; at error level, with the private source, for a fault
/// of the program, and at warn level for a part that is down, once a second at most. Never parameters, tokens or passwords.
#[derive(Debug, Default)]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn observe(&self, record: &CallRecord<'_>) {
        let method = record.method.path();
        if record.status == 500 {
            let source = record.error.and_then(Error::source).map(error_chain).unwrap_or_default();
            tracing::error!(event = "call.failed", method, request_id = %record.request_id, source, "call failed");
        }
        if record.status == 503 {
            tell_cause(record);
        }
        tracing::debug!(
            event = "call",
            method,
            status = record.status,
            ms = record.runtime.as_secs_f64() * 1e3,
            user = record.identity.user().map(|user| &*user.id),
            client = record.client.map(tracing::field::display),
            transport = record.transport.name(),
            request_id = %record.request_id,
            trace_id = record.trace.map(TraceContext::trace_id),
            "call"
        );
    }
}

/// Logs why a part is down, for one call a second in this process: all others fail for the same reason.
fn tell_cause(record: &CallRecord<'_>) {
    static TOLD: AtomicU64 = AtomicU64::new(0);
    let Some(source) = record.error.and_then(Error::source).map(error_chain) else { return };
    let second = (record.started + record.runtime).as_secs();
    if TOLD.swap(second, Ordering::Relaxed) != second {
        let (method, request_id) = (record.method.path(), record.request_id);
        tracing::warn!(event = "call.unavailable", method, %request_id, source, "a call met a part that is down");
    }
}
