//! The body of an answer that is being sent. On HTTP/2 it reports its progress (see `stream`).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};

use super::respond::ResponseBody;
use super::stream::Outflow;
use super::watch::{Activity, Watch};
use crate::budget::{Account, Hold, Resource};

/// A body: a whole one is handed over in one piece, or on HTTP/2 in two; a stream as its pieces come.
pub(super) struct Outgoing {
    body: ResponseBody,
    outflow: Option<Arc<Outflow>>,
    held: Option<Hold>,
    /// The account that the pieces of a stream are counted on.
    account: Option<Arc<Account>>,
    /// On HTTP/2 the connection is not idle before its answers are out, nor on HTTP/1 before a stream is.
    _activity: Option<Activity<Arc<Watch>>>,
}

/// Bytes that report when some of them are taken.
pub(super) struct Piece {
    bytes: Bytes,
    outflow: Option<Arc<Outflow>>,
    /// Room in memory for the answer.
    _held: Option<Hold>,
}

impl Outgoing {
    /// The answer of a connection that sends one at a time.
    pub(super) fn alone(body: ResponseBody, held: Option<Hold>, watch: Option<&Arc<Watch>>) -> Self {
        let activity = watch.filter(|_| body.is_stream()).map(Watch::sends);
        Self { body, outflow: None, held, account: None, _activity: activity }
    }

    /// The answer of the stream that this task serves.
    pub(super) fn of_stream(body: ResponseBody, held: Option<Hold>, watch: Option<&Arc<Watch>>) -> Self {
        let outflow = Outflow::current();
        if let Some(outflow) = &outflow {
            outflow.answered();
        }
        Self { body, outflow, held, account: None, _activity: watch.map(Watch::sends) }
    }

    /// Counts the pieces of a stream.
    pub(super) fn counted(self, account: Option<&Arc<Account>>) -> Self {
        let account = account.filter(|_| self.body.is_stream()).cloned();
        Self { account, ..self }
    }

    /// Room for a piece of a stream. Where there is none the answer ends: its connection gives way.
    fn hold_piece(&mut self, bytes: &Bytes) -> io::Result<()> {
        if let Some(account) = &self.account {
            let held = account.take(Resource::Memory, bytes.len() as u64);
            self.held = Some(held.map_err(|_| io::Error::other("there is no room for the next piece"))?);
        }
        Ok(())
    }

    /// hyper waits until the client's window has room for one byte and then hands over a whole piece, however large, and it
    /// forgets a stream with the last one. So the last one is a single byte: the stream can be reset until the client takes all. Of
    /// a file each piece may be the last one.
    fn piece(&mut self, mut bytes: Bytes) -> Piece {
        if self.outflow.is_some() && bytes.len() > 1 {
            self.body.give_back(bytes.split_off(bytes.len() - 1));
        }
        Piece { bytes, outflow: self.outflow.clone(), _held: self.held.take() }
    }
}

impl Body for Outgoing {
    type Data = Piece;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Piece>>>> {
        let this = self.get_mut();
        let frame = Pin::new(&mut this.body).poll_frame(cx);
        if let Some(outflow) = this.outflow.as_ref().filter(|_| this.body.is_stream()) {
            outflow.waits_for_source(frame.is_pending());
        }
        let bytes = ready!(frame).transpose()?.and_then(|frame| frame.into_data().ok());
        let Some(bytes) = bytes else { return Poll::Ready(None) };
        this.hold_piece(&bytes)?;
        Poll::Ready(Some(Ok(Frame::data(this.piece(bytes)))))
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
