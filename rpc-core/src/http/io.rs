//! A socket that records what happens to it, and that closes so that its peer can read what was written last.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf, Take};
use tokio::net::TcpStream;

use super::watch::Watch;

/// Bytes of a body that are read at once. hyper doubles the buffer of a connection each time that a read fills it: less than the 8 KiB that
/// it begins with, and it stays.
const READ: u64 = 8 * 1024 - 1;
/// Bytes that are read at once when nobody wants them.
const DROPPED: usize = 4 * 1024;

/// A connection's socket, with its notes.
pub(super) struct WatchedStream {
    stream: Take<TcpStream>,
    watch: Arc<Watch>,
}

impl WatchedStream {
    /// Wraps a socket, for hyper.
    pub(super) fn for_hyper(stream: TcpStream, watch: Arc<Watch>) -> impl Read + Write + Unpin + Send + 'static {
        TokioIo::new(Self { stream: stream.take(READ), watch })
    }

    fn note_write(&self, poll: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &poll {
            Poll::Pending => self.watch.write_is_blocked(),
            Poll::Ready(written) => self.watch.write_advanced(*written.as_ref().unwrap_or(&0)),
        }
        poll
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let poll = if self.watch.reads_body() {
            self.stream.set_limit(READ);
            Pin::new(&mut self.stream).poll_read(cx, buf)
        } else {
            Pin::new(self.stream.get_mut()).poll_read(cx, buf)
        };
        let received = &buf.filled()[before..];
        if !received.is_empty() {
            self.watch.received(received);
        }
        poll
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(self.stream.get_mut()).poll_write(cx, bytes);
        self.note_write(poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(self.stream.get_mut()).poll_write_vectored(cx, slices);
        self.note_write(poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.get_ref().is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.get_mut()).poll_flush(cx)
    }

    /// Closes this side; where the other one may be sending still, reads on until it closes too, or the connection's timer
    /// ends it. A socket that is dropped with bytes unread resets the connection, and the answer may be lost with it (RFC 9112,
    /// section 9.6).
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(self.stream.get_mut()).poll_shutdown(cx))?;
        if self.watch.has_switched() {
            return Poll::Ready(Ok(()));
        }
        let mut space = [MaybeUninit::uninit(); DROPPED];
        loop {
            let mut dropped = ReadBuf::uninit(&mut space);
            match Pin::new(self.stream.get_mut()).poll_read(cx, &mut dropped) {
                Poll::Ready(Ok(())) if !dropped.filled().is_empty() => self.watch.leaves_unread(),
                Poll::Pending if self.watch.closes() => return Poll::Pending,
                Poll::Pending | Poll::Ready(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}
