//! A connection's socket, which counts the bytes that it takes, and those that are no whole message yet.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes read from a socket at once. Small, since most connections say little.
pub(super) const READ_BUFFER: usize = 2 * 1024;
pub(super) struct CountedIo {
    io: TokioIo<Upgraded>,
    written: u64,
    unfinished: usize,
}

/// Bytes of a client's control frame without its payload (RFC 6455, section 5.2).
const CONTROL_HEAD: usize = 6;

impl CountedIo {
    pub(super) fn new(upgraded: Upgraded) -> Self {
        Self { io: TokioIo::new(upgraded), written: 0, unfinished: 0 }
    }

    /// Bytes that the socket took so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Bytes that came and are of no whole message yet.
    pub(super) fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// A message was whole.
    pub(super) fn message_ended(&mut self) {
        self.unfinished = 0;
    }

    /// A control frame came, perhaps between the frames of a message.
    pub(super) fn control_frame(&mut self, payload: usize) {
        self.unfinished = self.unfinished.saturating_sub(CONTROL_HEAD + payload);
    }
}

impl AsyncRead for CountedIo {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.io).poll_read(cx, buf);
        self.unfinished += buf.filled().len() - before;
        poll
    }
}

impl AsyncWrite for CountedIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.io).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = &poll {
            self.written += *count as u64;
        }
        poll
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
