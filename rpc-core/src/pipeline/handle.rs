//! Stage 6: the handler runs, within its time, and a panic ends with the call.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::FutureExt;
use pin_project_lite::pin_project;
use tokio::time::Sleep;

use super::observe::{Disposition, Recorder};
use crate::ctx::Ctx;
use crate::error::{ApiError, ErrorCode};
use crate::method::arguments::Arguments;
use crate::method::output::Encoded;

pub(super) async fn handle(ctx: &Ctx, arguments: Arguments, recorder: &mut Recorder) -> Result<Encoded, ApiError> {
    let result = run(ctx, arguments, recorder).await;
    result.map_err(|error| match error.code() {
        ErrorCode::Internal => error.with_request_id(ctx.request_id().as_str()),
        _ => error,
    })
}

async fn run(ctx: &Ctx, arguments: Arguments, recorder: &mut Recorder) -> Result<Encoded, ApiError> {
    let method = ctx.method();
    let started = catch_unwind(AssertUnwindSafe(|| (method.entry.handler)(ctx, arguments)));
    let running = started.unwrap_or_else(|panic| Err(panicked(&*panic, recorder)))?;
    recorder.accept();
    let limit = method.limits().timeout;
    let guarded = AssertUnwindSafe(running).catch_unwind();
    match (Deadline { running: guarded, limit, sleep: None }).await {
        Some(Ok(result)) => result,
        Some(Err(panic)) => Err(panicked(&*panic, recorder)),
        None => {
            recorder.end_with(Disposition::TimedOut);
            Err(ApiError::new(504, format!("The call took longer than {} ms", limit.as_millis())))
        }
    }
}

fn panicked(panic: &(dyn Any + Send), recorder: &mut Recorder) -> ApiError {
    recorder.end_with(Disposition::Panicked);
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
