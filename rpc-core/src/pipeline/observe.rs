//! Beside the stages: every call of a known method is reported once, also when it is refused, dropped or panics.

use std::time::Duration;

use tracing::Span;

use super::span;
use crate::call::{CallRecord, Disposition};
use crate::clock::Moment;
use crate::ctx::Ctx;
use crate::error::{ApiError, ErrorCode};
use crate::identity::Identity;
use crate::reply::Encoded;

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
        let Moment { now: started, elapsed: since } = ctx.api.clock().both();
        let span = span::open(&ctx);
        Self { ctx, progress: Progress::default(), span, started, since, recorded: false }
    }

    /// The caller is known.
    pub(super) fn identify(&mut self, identity: Identity) -> &mut Ctx {
        span::identify(&self.span, &identity);
        self.ctx.identity = identity;
        &mut self.ctx
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
    pub(super) fn finish(&mut self, result: Result<&Encoded, &ApiError>) {
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
            counters.add(status, disposition, record.runtime);
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
