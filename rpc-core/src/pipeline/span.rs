//! Beside the stages: the `tracing` span of a call, in which its stages run and its handler logs.

use tracing::field::Empty;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Span};

use crate::call::{CallRecord, TraceContext, Transport};
use crate::ctx::Ctx;
use crate::identity::Identity;

/// Begins the span of a call. It costs a look at an atomic when nobody listens.
pub(super) fn open(ctx: &Ctx) -> Span {
    if Level::INFO > LevelFilter::current() {
        return Span::none();
    }
    let span = tracing::info_span!(
        target: "rpc_core::call",
        "call",
        method = ctx.method.path(),
        request_id = %ctx.request_id,
        transport = ctx.transport.name(),
        trace_id = ctx.trace.as_ref().map(TraceContext::trace_id),
        parent_id = ctx.trace.as_ref().map(TraceContext::parent_id),
        user = Empty,
        status = Empty,
        ms = Empty,
    );
    if span.is_disabled() {
        // One that nobody listens to would still ask, at each step, whether a logger of the crate `log` does.
        return Span::none();
    }
    // A call from inside the process is a child of the call that makes it already.
    if ctx.transport != Transport::InProcess
        && let (Some(tracer), Some(trace)) = (ctx.api.tracer(), &ctx.trace)
    {
        tracer.join(&span, trace);
    }
    span
}

/// Says who calls.
pub(super) fn identify(span: &Span, identity: &Identity) {
    if let Some(user) = identity.user().filter(|_| !span.is_disabled()) {
        span.record("user", &*user.id);
    }
}

/// Says what the call came to.
pub(super) fn close(span: &Span, record: &CallRecord<'_>) {
    if !span.is_disabled() {
        tracing::record_all!(span, status = record.status, ms = record.runtime.as_secs_f64() * 1e3);
    }
}
