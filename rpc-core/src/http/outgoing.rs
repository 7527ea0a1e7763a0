//! The body of an answer that is being sent. On HTTP/2 it reports its progress (see `stream`).

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

use super::served::WholeBody;
use super::stream::Outflow;
use super::watch::{Activity, Watch};
use crate::budget::Hold;

/// A whole body, handed over in one piece, or on HTTP/2 in two.
pub(super) struct Outgoing {
    body: WholeBody,
    outflow: Option<Arc<Outflow>>,
    held: Option<Hold>,
    /// On HTTP/2 the connection is not idle before its answers are out.
    _activity: Option<Activity<Arc<Watch>>>,
}

/// Bytes that report when some of them are taken.
pub(super) struct Piece {
    bytes: Bytes,
    outflow: Option<Arc<Outflow>>,
    /// Room in memory for the answer.
    _held: Option<Hold>,
}

impl Piece {
    /// Bytes of an answer, with their room in memory.
    pub(super) fn new(bytes: Bytes, outflow: Option<Arc<Outflow>>, held: Option<Hold>) -> Self {
        Self { bytes, outflow, _held: held }
    }
}

impl Outgoing {
    /// The answer of a connection that sends one at a time.
    pub(super) fn alone(body: WholeBody, held: Option<Hold>) -> Self {
        Self { body, outflow: None, held, _activity: None }
    }

    /// The answer of the stream that this task serves.
    pub(super) fn of_stream(body: WholeBody, held: Option<Hold>, watch: Option<&Arc<Watch>>) -> Self {
        let outflow = Outflow::current();
        if let Some(outflow) = &outflow {
            outflow.answered();
        }
        Self { body, outflow, held, _activity: watch.map(Watch::sends) }
    }

    /// hyper waits until the client's window has room for one byte and then hands over a whole piece, however large, and it
    /// forgets a stream with the last one. So the last one is a single byte: the stream can be reset until the client takes all.
    fn piece(&mut self, mut bytes: Bytes) -> Piece {
        if self.outflow.is_some() && bytes.len() > 1 {
            self.body = WholeBody::new(bytes.split_off(bytes.len() - 1));
        }
        Piece { bytes, outflow: self.outflow.clone(), _held: self.held.take() }
    }
}

impl Body for Outgoing {
    type Data = Piece;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, Infallible>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        let bytes = frame.and_then(|Ok(frame)| frame.into_data().ok());
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(this.piece(bytes)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        if let Some(outflow) = &self.outflow {
            outflow.advanced(count);
        }
    }
}
