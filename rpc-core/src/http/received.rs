//! The body of a request that another service reads: it comes as its client sends it, within a time.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::body::IncomingBody;
use super::served::{BodyError, PassedBody, passed};
use super::watch::Watch;
use crate::limits::Limits;

/// The body of a request, for a service around an [`HttpService`](super::HttpService) or behind it.
///
/// It is an error of the kind `TimedOut` when the client sends nothing for `body_timeout` while the body is waited for, or less
/// than `write_rate` on average. The time that the service itself takes is not counted.
pub struct ReceivedBody {
    body: PassedBody,
    limits: Limits,
    /// The connection of HTTP/1, which reads on at its end where this was not read to its own.
    watch: Option<Arc<Watch>>,
    read: u64,
    waited: Duration,
    waits_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl ReceivedBody {
    pub(super) fn new<B: IncomingBody + 'static>(body: B, limits: Limits, watch: Option<Arc<Watch>>) -> Self {
        let body = passed(body);
        if let Some(watch) = &watch {
            watch.has_rest(!body.is_end_stream());
        }
        Self { body, limits, watch, read: 0, waited: Duration::ZERO, waits_since: None, timer: None }
    }

    /// Notes what came.
    fn note(&mut self, frame: Option<&Frame<Bytes>>) {
        if let Some(since) = self.waits_since.take() {
            self.waited += since.elapsed();
        }
        self.read += frame.and_then(Frame::data_ref).map_or(0, |data| data.len() as u64);
        let is_over = frame.is_none() || self.body.is_end_stream();
        if let Some(watch) = self.watch.as_ref().filter(|_| is_over) {
            watch.has_rest(false);
        }
    }

    /// Ready when the client took too long.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let since = *self.waits_since.get_or_insert_with(Instant::now);
        let time = self.limits.body_timeout;
        let left = (time + self.limits.time_to_take(self.read)).saturating_sub(self.waited);
        let deadline = since + left.min(time);
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }
}

impl fmt::Debug for ReceivedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedBody").field("read", &self.read).finish_non_exhaustive()
    }
}

impl Body for ReceivedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
            Poll::Ready(frame) => {
                this.note(frame.as_ref().and_then(|frame| frame.as_ref().ok()));
                Poll::Ready(frame)
            }
            Poll::Pending if this.poll_late(cx).is_ready() => {
                let late = io::Error::new(io::ErrorKind::TimedOut, "the body took too long (`body_timeout`)");
                Poll::Ready(Some(Err(late.into())))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use bytes::Bytes;
    use futures_util::{StreamExt, stream};
    use http_body::Frame;
    use http_body_util::{BodyExt, StreamBody};
    use tokio::time::Instant;

    use super::ReceivedBody;
    use crate::limits::Limits;

    /// A body of single bytes, one each so often.
    fn slow(pause: Duration) -> ReceivedBody {
        let frames = stream::repeat(()).then(move |()| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, io::Error>(Frame::data(Bytes::from_static(b"a")))
        });
        let limits = Limits { body_timeout: Duration::from_secs(10), write_rate: 1, ..Limits::default() };
        ReceivedBody::new(StreamBody::new(Box::pin(frames)), limits, None)
    }

    /// How long a body is read, at most so many bytes of it.
    async fn read(mut body: ReceivedBody, bytes: usize) -> (Duration, Option<io::ErrorKind>) {
        let begun = Instant::now();
        for _ in 0..bytes {
            if let Some(Err(error)) = body.frame().await {
                return (begun.elapsed(), error.downcast_ref::<io::Error>().map(io::Error::kind));
            }
        }
        (begun.elapsed(), None)
    }

    #[test_waits::test(start_paused = true)]
    async fn a_body_that_stands_still_or_drips_is_late() {
        let late = Some(io::ErrorKind::TimedOut);
        assert_eq!(read(slow(Duration::from_secs(11)), 1).await, (Duration::from_secs(10), late));
        let (time, error) = read(slow(Duration::from_secs(6)), 100).await;
        assert!(time < Duration::from_secs(15) && error == late, "{time:?}");
        assert_eq!(read(slow(Duration::from_secs(1)), 100).await, (Duration::from_secs(100), None));
    }

    #[test_waits::test(start_paused = true)]
    async fn the_time_of_the_reader_is_not_counted() {
        let mut body = slow(Duration::from_millis(1));
        for _ in 0..3 {
            assert!(body.frame().await.unwrap().is_ok());
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    }
}
