//! Beside the stages: every call of a known method is reported once, also when it is refused, dropped or panics.

use std::error::Error;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tracing::Span;

use super::span;
use crate::call::{RequestId, TraceContext, Transport};
use crate::ctx::Ctx;
use crate::error::{ApiError, ErrorCode, error_chain};
use crate::identity::Identity;
use crate::method::Method;
use crate::method::output::Encoded;

/// Somebody who is told of every call: a log, metrics.
///
/// Called on the path of the call, so an implementation takes what it needs and returns at once.
pub trait Observer: Send + Sync + 'static {
    /// A call has ended.
    fn observe(&self, record: &CallRecord<'_>);
}

/// How far a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// The handler ended, well or with an error.
    Finished,
    /// Refused before the handler: credentials, permission, parameters.
    Refused,
    /// Refused by a limit, or since the server stops.
    Declined,
    /// The caller went away.
    Cancelled,
    /// The handler panicked.
    Panicked,
    /// The handler was dropped since its time was up.
    TimedOut,
}

/// A call that has ended.
#[derive(Debug)]
pub struct CallRecord<'a> {
    /// The method.
    pub method: &'a Method,
    /// The caller; a guest when the call ended before that was known.
    pub identity: &'a Identity,
    /// When the call began, since the Unix epoch.
    pub started: Duration,
    /// How long it took.
    pub runtime: Duration,
    /// How far it came.
    pub disposition: Disposition,
    /// Whether it reached the handler.
    pub accepted: bool,
    /// The status: 499 for a call whose caller went away.
    pub status: u16,
    /// The reason.
    pub reason: &'a str,
    /// The error, with its private source.
    pub error: Option<&'a ApiError>,
    /// How the call came in.
    pub transport: Transport,
    /// The address of the caller.
    pub client: Option<IpAddr>,
    /// The id under which logs show the call.
    pub request_id: RequestId,
    /// The trace that the caller says it belongs to.
    pub trace: Option<&'a TraceContext>,
}

impl CallRecord<'_> {
    /// Whether the caller holds what few hold and the method asks for: a declared permission, or being root. Whoever is refused
    /// for want of it is not, nor who calls what every user may.
    #[must_use]
    pub fn is_privileged(&self) -> bool {
        let access = &self.method.access;
        access.is_privileged() && access.check(self.identity).is_ok()
    }
}

/// Records one call, at the latest when it is dropped.
#[derive(Debug)]
pub(crate) struct Recorder {
    ctx: Ctx,
    progress: Progress,
    span: Span,
    started: Duration,
    since: Duration,
    recorded: bool,
}

/// How far a call has come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    accepted: bool,
    end: Option<Disposition>,
}

impl Progress {
    /// The call reaches the handler.
    pub(super) fn accept(&mut self) {
        self.accepted = true;
    }

    /// The call ends in a way that its error does not tell.
    pub(super) fn end_with(&mut self, end: Disposition) {
        self.end = Some(end);
    }

    fn disposition(&self, error: &ApiError) -> Disposition {
        if let Some(end) = self.end {
            return end;
        }
        match error.code() {
            _ if self.accepted => Disposition::Finished,
            ErrorCode::TooManyRequests | ErrorCode::ShuttingDown | ErrorCode::BackendDown => Disposition::Declined,
            _ => Disposition::Refused,
        }
    }
}

impl Recorder {
    /// The call begins. Its caller is a guest until more is known.
    pub(super) fn start(ctx: Ctx) -> Self {
        let (started, since) = (ctx.api.clock().now(), ctx.api.clock().elapsed());
        let span = span::open(&ctx);
        Self { ctx, progress: Progress::default(), span, started, since, recorded: false }
    }

    /// The caller is known.
    pub(super) fn identify(&mut self, identity: Identity) -> &Ctx {
        span::identify(&self.span, &identity);
        self.ctx.identity = identity;
        &self.ctx
    }

    /// The span that the call is in; it ends with the recorder.
    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// The context of the call.
    pub(super) fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// The context for the handler, and what is noted beside it.
    pub(super) fn split(&mut self) -> (&Ctx, &mut Progress) {
        (&self.ctx, &mut self.progress)
    }

    /// The call has ended with a result.
    pub(super) fn finish(mut self, result: Result<&Encoded, &ApiError>) {
        match result {
            Ok(reply) => self.record(Disposition::Finished, reply.status, &reply.reason, None),
            Err(error) => {
                let disposition = self.progress.disposition(error);
                self.record(disposition, error.status(), error.reason(), Some(error));
            }
        }
    }

    fn record(&mut self, disposition: Disposition, status: u16, reason: &str, error: Option<&ApiError>) {
        self.recorded = true;
        let ctx = &self.ctx;
        let record = CallRecord {
            method: &ctx.method,
            identity: &ctx.identity,
            started: self.started,
            runtime: ctx.api.clock().elapsed().saturating_sub(self.since),
            disposition,
            accepted: self.progress.accepted,
            status,
            reason,
            error,
            transport: ctx.transport,
            client: ctx.client,
            request_id: ctx.request_id,
            trace: ctx.trace.as_ref(),
        };
        if let Some(counters) = &self.ctx.method.counters {
            counters.add(&record);
        }
        span::close(&self.span, &record);
        self.span.in_scope(|| {
            for observer in ctx.api.observers() {
                observer.observe(&record);
            }
        });
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if !self.recorded {
            let aborted = ErrorCode::Aborted;
            self.record(Disposition::Cancelled, aborted.status(), aborted.reason(), None);
        }
    }
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

/// Tells why a part is down, of one call a second in this process: all others meet the same.
fn tell_cause(record: &CallRecord<'_>) {
    static TOLD: AtomicU64 = AtomicU64::new(0);
    let Some(source) = record.error.and_then(Error::source).map(error_chain) else { return };
    let second = (record.started + record.runtime).as_secs();
    if TOLD.swap(second, Ordering::Relaxed) != second {
        let (method, request_id) = (record.method.path(), record.request_id);
        tracing::warn!(event = "call.unavailable", method, %request_id, source, "a call met a part that is down");
    }
}
