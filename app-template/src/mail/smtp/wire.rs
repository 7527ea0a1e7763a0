//! The connection before it is encrypted.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::offers::UpperCase;

/// The first byte of a TLS handshake (RFC 8446, section 5.1). No SMTP command begins with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// Bytes that a server may say to one command, a TLS handshake with all its certificates included. lettre measures lines, but only
/// whole ones, and some servers never end theirs.
const MAX_SAID: usize = 128 * 1024;

/// A TCP connection that gives out what the server says byte by byte until TLS begins.
///
/// So nobody who reads ahead holds anything that came before. Whoever can put text on the way could else have it taken for
/// what the server says once nobody can. What the server agrees with is given out in upper case until then; see
/// [`offers`](super::offers).
#[derive(Debug)]
pub(super) struct Wire {
    tcp: TcpStream,
    is_encrypted: bool,
    upper_case: UpperCase,
    /// Bytes that the server said since something was last said to it.
    said: usize,
}

impl Wire {
    pub(super) fn new(tcp: TcpStream) -> Self {
        Self { tcp, is_encrypted: false, upper_case: UpperCase::default(), said: 0 }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.said > MAX_SAID {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "the server says too much")));
        }
        if self.is_encrypted || into.remaining() == 0 {
            let before = into.filled().len();
            ready!(Pin::new(&mut self.tcp).poll_read(context, into))?;
            self.said += into.filled().len() - before;
            return Poll::Ready(Ok(()));
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.tcp).poll_read(context, &mut one))?;
        let turned = one.filled().first().map(|byte| self.upper_case.turn(*byte));
        into.put_slice(turned.as_slice());
        self.said += turned.as_slice().len();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.is_encrypted |= bytes.first() == Some(&TLS_HANDSHAKE);
        self.said = 0;
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.peer_addr()
    }
}
