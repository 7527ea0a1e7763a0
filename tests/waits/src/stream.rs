//! A stream that does not wait for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::{failed, patience};

pin_project! {
    /// A stream whose reader or writer panics when nothing could be read, or written, for as long as [`soon`](crate::soon) waits.
    #[derive(Debug)]
    pub struct Bounded<S> {
        #[pin]
        stream: S,
        reading: Wait,
        writing: Wait,
    }
}

/// How long a reader or a writer may still wait, while it does.
#[derive(Debug, Default)]
struct Wait(Option<(Duration, Pin<Box<Sleep>>)>);

impl Wait {
    /// Passes an answer on, and panics when there has been none for too long.
    fn hold<T>(&mut self, answer: Poll<T>, context: &mut Context<'_>, what: &str) -> Poll<T> {
        if answer.is_ready() {
            self.0 = None;
            return answer;
        }
        let (time, end) = self.0.get_or_insert_with(|| (patience(), Box::pin(sleep(patience()))));
        ready!(end.as_mut().poll(context));
        failed();
        panic!("waited {time:?} in vain for the other end of a connection to {what}");
    }
}

impl<S> Bounded<S> {
    /// Bounds the waits of a stream.
    pub fn new(stream: S) -> Self {
        Self { stream, reading: Wait::default(), writing: Wait::default() }
    }

    /// The stream.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: AsyncRead> AsyncRead for Bounded<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let answer = this.stream.poll_read(context, buffer);
        this.reading.hold(answer, context, "send or close")
    }
}

impl<S: AsyncWrite> AsyncWrite for Bounded<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.project();
        let answer = this.stream.poll_write(context, bytes);
        this.writing.hold(answer, context, "take what is written")
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let answer = this.stream.poll_flush(context);
        this.writing.hold(answer, context, "take what is written")
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let answer = this.stream.poll_shutdown(context);
        this.writing.hold(answer, context, "take the end")
    }
}
