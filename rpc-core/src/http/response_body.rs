//! The body of a response: whole in nearly all answers, a stream where the answer is a file.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::budget::Hold;
use crate::reply::Chunks;

/// The body of every response: whole in nearly all of them, and then given in one frame. That of a file comes piece by piece; an
/// error in it ends the connection, so that nobody takes the beginning for the whole.
#[derive(Debug, Default)]
pub struct ResponseBody(Content);

#[derive(Debug)]
enum Content {
    /// Nothing is left of it when it is empty.
    Whole(Bytes),
    Stream(Box<FileBody>),
}

/// A file that is being sent.
struct FileBody {
    chunks: Chunks,
    /// Its slot among the calls, and room in memory for what is in memory already.
    _held: [Option<Hold>; 2],
}

impl Default for Content {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

impl ResponseBody {
    /// A whole body.
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self(Content::Whole(bytes))
    }

    /// A file, with what it holds until it is sent.
    pub(super) fn file(chunks: Chunks, held: [Option<Hold>; 2]) -> Self {
        Self(Content::Stream(Box::new(FileBody { chunks, _held: held })))
    }

    /// The bytes of a whole body, without a copy that would share them; a stream is given back.
    pub(super) fn into_whole(self) -> Result<Bytes, Self> {
        match self.0 {
            Content::Whole(bytes) => Ok(bytes),
            stream @ Content::Stream(_) => Err(Self(stream)),
        }
    }

    /// The bytes of a whole body.
    pub(super) fn whole(&self) -> Option<&Bytes> {
        match &self.0 {
            Content::Whole(bytes) => Some(bytes),
            Content::Stream(_) => None,
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let bytes = match &mut self.get_mut().0 {
            Content::Whole(bytes) => Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty()),
            Content::Stream(file) => match ready!(file.chunks.poll_next(cx)) {
                Ok(chunk) => chunk,
                Err(error) => {
                    tracing::warn!(event = "download.failed", %error, "a file could not be sent to its end");
                    return Poll::Ready(Some(Err(error)));
                }
            },
        };
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Content::Whole(bytes) => bytes.is_empty(),
            Content::Stream(file) => file.chunks.has_ended(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Content::Stream(file) => file.chunks.remaining().map(SizeHint::with_exact).unwrap_or_default(),
        }
    }
}

impl std::fmt::Debug for FileBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileBody").field("remaining", &self.chunks.remaining()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body::Body;
    use http_body_util::BodyExt;

    use super::ResponseBody;

    #[test_waits::test]
    async fn a_whole_body_is_one_frame_of_a_known_size() {
        let mut body = ResponseBody::new(Bytes::from_static(b"abc"));
        assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(3), false));
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "abc");
        assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(0), true));
        assert!(body.frame().await.is_none());
        assert!(ResponseBody::default().is_end_stream());
        assert_eq!(size_of::<ResponseBody>(), size_of::<Bytes>());
    }
}
