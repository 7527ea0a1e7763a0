//! The body of what a service answers: made here as a whole, or passed on from another service.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use pin_project_lite::pin_project;

use super::response_body::ResponseBody;

/// An error of a body that another service makes.
pub(super) type BodyError = Box<dyn Error + Send + Sync>;
/// A body that is whole.
pub(super) type WholeBody = Full<Bytes>;
/// A body that another service makes, or that of a file, as it comes.
pub(super) type PassedBody = UnsyncBoxBody<Bytes, BodyError>;

/// The body of what an [`HttpService`](super::HttpService) answers. Those of methods and pages are whole; that of a
/// [fallback](super::HttpService::fallback) comes as the fallback makes it.
pub struct ServedBody(pub(super) Served);

/// Where a body comes from.
pub(super) enum Served {
    Whole(WholeBody),
    Passed(PassedBody),
}

impl From<ResponseBody> for ServedBody {
    fn from(body: ResponseBody) -> Self {
        match body.into_whole() {
            Ok(bytes) => Self(Served::Whole(Full::new(bytes))),
            Err(stream) => Self::passed(stream),
        }
    }
}

impl ServedBody {
    /// A body that another service makes.
    pub(super) fn passed<B>(body: B) -> Self
    where
        B: Body<Data: Buf + Send, Error: Into<BodyError>> + Send + 'static,
    {
        Self(Served::Passed(passed(body)))
    }
}

/// A body of another service, in the one form. What is known of its size stays known.
pub(super) fn passed<B>(body: B) -> PassedBody
where
    B: Body<Data: Buf + Send, Error: Into<BodyError>> + Send + 'static,
{
    InBytes { body }.boxed_unsync()
}

pin_project! {
    /// A body whose data are `Bytes`, with any error.
    struct InBytes<B> {
        #[pin]
        body: B,
    }
}

impl<B: Body<Error: Into<BodyError>>> Body for InBytes<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(self.project().body.poll_frame(cx));
        let in_bytes = |frame: Frame<B::Data>| frame.map_data(|mut data| data.copy_to_bytes(data.remaining()));
        Poll::Ready(frame.map(|frame| frame.map(in_bytes).map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for ServedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedBody").field("size", &self.size_hint()).finish_non_exhaustive()
    }
}

impl Body for ServedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.get_mut().0 {
            Served::Whole(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Served::Passed(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Served::Whole(body) => body.is_end_stream(),
            Served::Passed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Served::Whole(body) => body.size_hint(),
            Served::Passed(body) => body.size_hint(),
        }
    }
}
