//! The body of a request. All bytes of bodies are read here, also the rest that an answer did not wait for.
//!
//! An answer may be there before its request is: a refused upload, a path that is not served, a verb that takes no body. A
//! connection that is closed then resets while the client still sends: the client may never see the answer, and a proxy takes
//! the server for dead. So the rest is read and dropped, up to a number of bytes and for a time, before the answer goes out: a
//! client that sends all before it reads does not notice, and the next request finds the connection in order. Beyond either
//! bound the answer says `Connection: close`, and the connection reads on for a moment after it (see `io`). A stream of HTTP/2
//! reads on after its answer too, and is then reset without an error (RFC 9113, section 8.1): of a reset that comes with the
//! answer, clients see only the reset.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Buf;
use http::header::CONNECTION;
use http::{HeaderValue, Response, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::rt::Write;
use hyper::upgrade::OnUpgrade;

use super::request::RequestContext;
use super::respond::ResponseBody;
use super::stream::Outflow;

/// A body that knows how far it was read.
#[derive(Debug)]
pub(super) struct RequestBody<B> {
    body: B,
    progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// Nobody asked for it: a client that waits for `100 Continue` still waits.
    Untouched,
    Begun,
    Ended,
    /// It cannot be read any further.
    Broken,
}

impl<B: Body + Unpin> RequestBody<B> {
    pub(super) fn new(body: B) -> Self {
        Self { body, progress: Progress::Untouched }
    }

    /// Whether nothing of it is left.
    pub(super) fn is_read(&self) -> bool {
        match self.progress {
            Progress::Ended => true,
            Progress::Broken => false,
            Progress::Untouched | Progress::Begun => self.body.is_end_stream(),
        }
    }

    fn is_begun(&self) -> bool {
        self.progress != Progress::Untouched
    }

    /// Reads and drops the rest, within its bounds. Returns whether that was all.
    async fn drop_rest(&mut self, max: u64, time: Duration) -> bool {
        if self.progress == Progress::Broken || self.body.size_hint().lower() > max {
            return false;
        }
        let read = async {
            let mut length = 0;
            while let Some(Ok(frame)) = self.frame().await {
                length += frame.data_ref().map_or(0, |data| data.remaining() as u64);
                if length > max {
                    return false;
                }
            }
            self.is_read()
        };
        tokio::time::timeout(time, read).await.unwrap_or(false)
    }
}

impl<B: Body + Unpin> Body for RequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.get_mut();
        if this.progress == Progress::Untouched {
            this.progress = Progress::Begun;
        }
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        match &frame {
            Some(Ok(_)) => {}
            Some(Err(_)) => this.progress = Progress::Broken,
            None => this.progress = Progress::Ended,
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl RequestContext<'_> {
    /// Handles the rest of a body whose answer is ready. `upgrade` is what the request asked for and did not get.
    pub(super) async fn settle<B>(
        &self,
        mut body: RequestBody<B>,
        response: &mut Response<ResponseBody>,
        upgrade: Option<OnUpgrade>,
    ) where
        B: Body + Unpin + Send + 'static,
        B::Error: Send,
    {
        let limits = self.api().limits();
        // Who waits to be asked for the body gets the answer instead, and sends none (RFC 9110, section 10.1.1).
        let is_kept_back = self.head.body.waits && !body.is_begun();
        let is_late = response.status() == StatusCode::REQUEST_TIMEOUT;
        if !is_kept_back && !is_late {
            if let Some(activity) = &self.activity {
                activity.runs();
            }
            // What is not wanted holds up no stop.
            let is_read = tokio::select! {
                is_read = body.drop_rest(limits.unread_body, limits.unread_timeout) => is_read,
                () = self.api().stopping().cancelled() => false,
            };
            if is_read {
                return;
            }
        }
        let linger = limits.linger_timeout;
        if self.parts.version == Version::HTTP_2 {
            if let Some(outflow) = Outflow::current() {
                outflow.leave(Box::pin(async move {
                    body.drop_rest(u64::MAX, linger).await;
                }));
            }
        } else {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            if let Some(watch) = self.service.watch() {
                watch.leaves_unread();
                if let Some(upgrade) = upgrade {
                    self.api().tasks().spawn(close(upgrade, linger));
                }
            }
        }
    }
}

/// Closes a connection whose upgrade was refused: hyper hands it over where it would close another one.
async fn close(upgrade: OnUpgrade, time: Duration) {
    let closed = async {
        if let Ok(mut connection) = upgrade.await {
            let _ = poll_fn(|cx| Pin::new(&mut connection).poll_shutdown(cx)).await;
        }
    };
    let _ = tokio::time::timeout(time, closed).await;
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use bytes::Bytes;
    use futures_util::{StreamExt, stream};
    use http_body::Frame;
    use http_body_util::{Empty, Full, StreamBody};

    use super::RequestBody;

    const TIME: Duration = Duration::from_secs(5);

    #[test_waits::test]
    async fn a_rest_is_read_up_to_the_bound_and_no_byte_further() {
        let frames = || {
            StreamBody::new(
                stream::iter(["ab", "", "cde"]).map(|text| Ok::<_, io::Error>(Frame::data(Bytes::from(text)))),
            )
        };
        for (max, is_read) in [(5, true), (6, true), (4, false), (0, false)] {
            let mut body = RequestBody::new(frames());
            assert_eq!(body.drop_rest(max, TIME).await, is_read, "{max}");
            assert_eq!(body.is_read(), is_read, "{max}");
        }
    }

    #[test_waits::test]
    async fn what_is_announced_to_be_longer_is_not_begun() {
        let mut body = RequestBody::new(Full::new(Bytes::from_static(b"abcdef")));
        assert!(!body.drop_rest(5, TIME).await);
        assert!(!body.is_begun());
        assert!(RequestBody::new(Empty::<Bytes>::new()).is_read());
    }

    #[test_waits::test(start_paused = true)]
    async fn a_rest_that_does_not_come_is_waited_for_in_time() {
        let mut body = RequestBody::new(StreamBody::new(stream::pending::<io::Result<Frame<Bytes>>>()));
        let started = tokio::time::Instant::now();
        assert!(!body.drop_rest(5, TIME).await);
        assert_eq!(started.elapsed(), TIME);
    }

    #[test_waits::test]
    async fn a_broken_body_is_not_read_on() {
        let frames = stream::iter([Err(io::Error::other("cut")), Ok(Frame::data(Bytes::from_static(b"a")))]);
        let mut body = RequestBody::new(StreamBody::new(frames));
        assert!(!body.drop_rest(5, TIME).await);
        assert!(!body.is_read());
    }
}
