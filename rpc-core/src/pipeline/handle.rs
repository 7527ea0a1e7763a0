//! Stage 6: the handler runs, within its time, and a panic ends with the call.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::FutureExt;
use pin_project_lite::pin_project;
use tokio::time::Sleep;

use super::observe::Progress;
use crate::call::Disposition;
use crate::ctx::Ctx;
use crate::error::{ApiError, ErrorCode};
use crate::method::arguments::Arguments;
use crate::method::entry::HandlerFuture;
use crate::reply::Encoded;

/// Converts the arguments and makes the future of the call.
pub(super) fn start<'c>(
    ctx: &'c Ctx,
    arguments: Arguments<'_>,
    progress: &mut Progress,
) -> Result<HandlerFuture<'c>, ApiError> {
    let started = catch_unwind(AssertUnwindSafe(|| (ctx.method().entry.handler)(ctx, arguments)));
    let running = started.unwrap_or_else(|panic| Err(panicked(&*panic, progress)));
    if running.is_ok() {
        progress.accept();
    }
    running.map_err(|error| identified(error, ctx))
}

/// Runs what was started to its end.
pub(super) async fn finish(
    ctx: &Ctx,
    running: HandlerFuture<'_>,
    progress: &mut Progress,
) -> Result<Encoded, ApiError> {
    let limit = ctx.method().limits().timeout;
    let running = AssertUnwindSafe(running).catch_unwind();
    let result = match (Deadline { running, limit, sleep: None }).await {
        Some(Ok(result)) => result,
        Some(Err(panic)) => Err(panicked(&*panic, progress)),
        None => {
            progress.end_with(Disposition::TimedOut);
            Err(ApiError::new(504, format!("The call took longer than {} ms", limit.as_millis())))
        }
    };
    result.map_err(|error| identified(error, ctx))
}

/// Adds the id of the request to a fault of the program, so that the log tells more.
fn identified(error: ApiError, ctx: &Ctx) -> ApiError {
    match error.code() {
        ErrorCode::Internal => error.with_request_id(ctx.request_id().as_str()),
        _ => error,
    }
}

fn panicked(panic: &(dyn Any + Send), progress: &mut Progress) -> ApiError {
    progress.end_with(Disposition::Panicked);
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    ApiError::internal(format!("panic: {}", text.unwrap_or("no text")))
}

pin_project! {
    /// A future with a time limit, which costs no timer when the future is ready at once.
    struct Deadline<F> {
        #[pin]
        running: F,
        limit: Duration,
        sleep: Option<Pin<Box<Sleep>>>,
    }
}

impl<F: Future> Future for Deadline<F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.running.poll(cx) {
            return Poll::Ready(Some(output));
        }
        let sleep = this.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(*this.limit)));
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(None)
    }
}
