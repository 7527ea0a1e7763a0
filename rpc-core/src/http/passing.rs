//! The body of an answer on its way to the client: whole, or as another service makes it.
//!
//! What another service makes is handed over in small pieces, each counted on the connection's account while the client has not
//! taken it. On HTTP/2 a piece waits until the one before is out: a stream holds no more than one, it has the time of an answer
//! for each (see `stream`), and it ends only when all is out. While the other service has nothing to send, no time runs.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::content::SMALL;
use super::outgoing::{Outgoing, Piece};
use super::served::{BodyError, PassedBody};
use super::service::HttpService;
use super::stream::Outflow;
use super::watch::{Activity, Watch};
use crate::budget::{Hold, Resource};

/// Bytes of a piece.
const PIECE: usize = 64 * 1024;

/// The body of an answer on its way.
pub(super) enum Sent {
    Whole(Outgoing),
    Passed(Box<Passing>),
}

/// A body that another service makes, on its way.
pub(super) struct Passing {
    body: PassedBody,
    service: Arc<HttpService>,
    /// What is left of the last frame, and its room in memory.
    rest: Bytes,
    held: Option<Hold>,
    outflow: Option<Arc<Outflow>>,
    /// Since when the other service has had nothing to send, on HTTP/1.
    paused: Option<Instant>,
    /// The connection is not idle before the answer is out.
    _activity: Option<Activity<Arc<Watch>>>,
}

impl Passing {
    /// The body of an answer of a connection, or of the stream that this task serves.
    pub(super) fn new(body: PassedBody, service: &Arc<HttpService>, is_stream: bool) -> Self {
        Self {
            body,
            service: Arc::clone(service),
            rest: Bytes::new(),
            held: None,
            outflow: if is_stream { Outflow::current() } else { None },
            paused: None,
            _activity: service.watch().map(Watch::sends),
        }
    }

    /// The next piece of what is left.
    fn piece(&mut self) -> Piece {
        let bytes = self.rest.split_to(self.rest.len().min(PIECE));
        let held = if self.rest.is_empty() { self.held.take() } else { None };
        if let Some(outflow) = &self.outflow {
            outflow.gives(bytes.len());
        }
        Piece::new(bytes, self.outflow.clone(), held)
    }

    /// Takes room for a frame. Where there is none, its connection closes.
    fn keep(&mut self, bytes: Bytes) -> Result<(), BodyError> {
        let size = bytes.len() as u64;
        let is_free = size == 0 || (self.outflow.is_none() && size <= SMALL);
        if let Some(account) = self.service.connection().filter(|_| !is_free) {
            match account.take(Resource::Memory, size) {
                Ok(held) => self.held = Some(held),
                Err(_) if self.service.is_proxied() => {}
                Err(_) => {
                    account.shed();
                    return Err("there is no room for the answer".into());
                }
            }
        }
        self.rest = bytes;
        Ok(())
    }

    /// The next frame of the other service. On HTTP/1 its pauses are not the client's.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let poll = Pin::new(&mut self.body).poll_frame(cx);
        match (poll.is_pending(), self.paused) {
            (true, None) if self.outflow.is_none() => self.paused = Some(Instant::now()),
            (false, Some(since)) => {
                self.paused = None;
                self.service.watch().inspect(|watch| watch.paused_for(since.elapsed()));
            }
            _ => {}
        }
        poll
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, BodyError>>> {
        if let Some(outflow) = &self.outflow {
            ready!(outflow.poll_taken(cx));
        }
        if self.rest.is_empty() {
            let Some(frame) = ready!(self.poll_body(cx)) else { return Poll::Ready(None) };
            match frame?.into_data() {
                Ok(bytes) => self.keep(bytes)?,
                Err(other) => {
                    return Poll::Ready(other.into_trailers().ok().map(|trailers| Ok(Frame::trailers(trailers))));
                }
            }
        }
        Poll::Ready(Some(Ok(Frame::data(self.piece()))))
    }
}

impl Body for Sent {
    type Data = Piece;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, BodyError>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Self::Passed(body) => body.poll_piece(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Passed(body) => {
                let is_out = body.outflow.as_ref().is_none_or(|outflow| outflow.is_taken());
                body.rest.is_empty() && is_out && body.body.is_end_stream()
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Passed(body) if body.rest.is_empty() => body.body.size_hint(),
            Self::Passed(_) => SizeHint::default(),
        }
    }
}
