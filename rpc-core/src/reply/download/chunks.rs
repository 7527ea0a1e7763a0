//! The pieces of a download, one after the other.

use std::fs::File;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::task::JoinHandle;

use super::{ChunkStream, Content};

/// Bytes of one piece.
const CHUNK: usize = 64 * 1024;

/// The pieces of a download: none is longer than 64 KiB, and they are as many bytes as was said.
pub(crate) struct Chunks {
    source: Source,
    /// Bytes that are to come, where that is known.
    remaining: Option<u64>,
    has_ended: bool,
}

enum Source {
    Bytes(Bytes),
    File(FileState),
    Stream {
        stream: Mutex<ChunkStream>,
        /// What of the last piece is left.
        rest: Bytes,
    },
}

/// A file at a position: it is read on a thread that may wait, one piece at a time.
enum FileState {
    Idle(Option<File>),
    Reading(JoinHandle<(File, io::Result<Bytes>)>),
}

impl Chunks {
    pub(crate) fn of(content: Content) -> Self {
        let (source, remaining) = match content {
            Content::Bytes(bytes) => {
                let length = bytes.len() as u64;
                (Source::Bytes(bytes), Some(length))
            }
            Content::File { file, start, length } => (Source::File(FileState::Idle(seeked(file, start))), Some(length)),
            Content::Stream { stream, length } => (Source::Stream { stream, rest: Bytes::new() }, length),
        };
        Self { source, remaining, has_ended: false }
    }

    /// Bytes that are to come, where that is known.
    pub(crate) fn remaining(&self) -> Option<u64> {
        self.remaining
    }

    /// Whether the end was seen.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The next piece; `None` at the end.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        if self.has_ended {
            return Poll::Ready(Ok(None));
        }
        let next = ready!(self.source.poll_next(self.remaining, cx));
        Poll::Ready(match next {
            Ok(chunk) => self.counted(chunk),
            Err(error) => {
                self.has_ended = true;
                Err(error)
            }
        })
    }

    pub(crate) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn counted(&mut self, chunk: Option<Bytes>) -> io::Result<Option<Bytes>> {
        self.has_ended = chunk.is_none();
        let bytes = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        match self.remaining {
            Some(remaining) if bytes > remaining => {
                Err(io::Error::new(ErrorKind::InvalidData, "it is longer than was said"))
            }
            Some(remaining) if chunk.is_none() && remaining > 0 => {
                Err(io::Error::new(ErrorKind::UnexpectedEof, "it is shorter than was said"))
            }
            remaining => {
                self.remaining = remaining.map(|remaining| remaining - bytes);
                Ok(chunk)
            }
        }
    }
}

fn seeked(mut file: File, start: u64) -> Option<File> {
    file.seek(SeekFrom::Start(start)).ok().map(|_| file)
}

impl Source {
    fn poll_next(&mut self, remaining: Option<u64>, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        match self {
            Self::Bytes(bytes) => Poll::Ready(Ok(front(bytes))),
            Self::File(state) => state.poll_next(remaining.unwrap_or(0), cx),
            Self::Stream { stream, rest } => {
                let stream = stream.get_mut().unwrap_or_else(PoisonError::into_inner);
                while rest.is_empty() {
                    match ready!(stream.as_mut().poll_next(cx)) {
                        Some(chunk) => *rest = chunk?,
                        None => return Poll::Ready(Ok(None)),
                    }
                }
                Poll::Ready(Ok(front(rest)))
            }
        }
    }
}

/// Takes at most a piece off the front.
fn front(bytes: &mut Bytes) -> Option<Bytes> {
    let length = bytes.len().min(CHUNK);
    (length > 0).then(|| bytes.split_to(length))
}

impl FileState {
    fn poll_next(&mut self, remaining: u64, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        if remaining == 0 {
            *self = Self::Idle(None);
            return Poll::Ready(Ok(None));
        }
        if let Self::Idle(file) = self {
            let Some(file) = file.take() else {
                return Poll::Ready(Err(io::Error::other("the file cannot be read any further")));
            };
            *self = Self::Reading(tokio::task::spawn_blocking(move || read(file, remaining)));
        }
        let Self::Reading(reading) = self else { return Poll::Pending };
        let (file, chunk) = ready!(Pin::new(reading).poll(cx)).map_err(io::Error::other)?;
        *self = Self::Idle(Some(file));
        Poll::Ready(chunk.map(|chunk| Some(chunk).filter(|chunk| !chunk.is_empty())))
    }
}

/// The next piece of a file, of at most so many bytes.
fn read(mut file: File, max: u64) -> (File, io::Result<Bytes>) {
    let max = max.min(CHUNK as u64);
    let mut chunk = Vec::with_capacity(usize::try_from(max).unwrap_or(CHUNK));
    let read = (&mut file).take(max).read_to_end(&mut chunk);
    (file, read.map(|_| chunk.into()))
}

/// The pieces of a reader.
pub(super) fn of_reader(
    reader: impl AsyncRead + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    futures_util::stream::try_unfold(Box::pin(reader), |mut reader| async move {
        let mut chunk = vec![0; CHUNK];
        let read = poll_fn(|cx| {
            let mut free = ReadBuf::new(&mut chunk);
            ready!(reader.as_mut().poll_read(cx, &mut free))?;
            Poll::Ready(io::Result::Ok(free.filled().len()))
        });
        let read = read.await?;
        // What is nearly empty is not kept whole.
        let chunk =
            if read < CHUNK / 2 { Bytes::copy_from_slice(&chunk[..read]) } else { Bytes::from(chunk).slice(..read) };
        Ok((read > 0).then_some((chunk, reader)))
    })
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::Mutex;

    use bytes::Bytes;
    use futures_util::stream;

    use super::super::{Content, Download};
    use super::{CHUNK, Chunks, of_reader};

    fn bytes(count: usize) -> Bytes {
        (0..count).map(|byte| (byte % 251) as u8).collect()
    }

    fn file(content: &[u8]) -> std::fs::File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        io::Seek::rewind(&mut file).unwrap();
        file
    }

    async fn all(content: Content) -> io::Result<Vec<u8>> {
        let mut chunks = Chunks::of(content);
        let mut all = Vec::new();
        while let Some(chunk) = chunks.next().await? {
            assert!(chunk.len() <= CHUNK && !chunk.is_empty());
            all.extend_from_slice(&chunk);
        }
        assert!(chunks.has_ended() && chunks.next().await.unwrap().is_none());
        Ok(all)
    }

    #[test_waits::test]
    async fn every_source_gives_all_of_its_bytes_in_pieces() {
        for count in [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7] {
            let content = bytes(count);
            let whole = |length| {
                let stream = stream::iter([Ok(content.clone()), Ok(Bytes::new())]);
                Content::Stream { stream: Mutex::new(Box::pin(stream)), length }
            };
            let reader = Content::Stream {
                stream: Mutex::new(Box::pin(of_reader(io::Cursor::new(content.clone())))),
                length: None,
            };
            let file = Download::file("a", file(&content)).unwrap().content;
            for source in [Content::Bytes(content.clone()), file, whole(None), whole(Some(count as u64)), reader] {
                let name = format!("{source:?} {count}");
                assert!(all(source).await.unwrap() == content, "{name}");
            }
        }
    }

    #[test_waits::test]
    async fn parts_are_of_bytes_and_files() {
        let content = bytes(2 * CHUNK);
        for (from, count) in [(0, 1), (5, CHUNK as u64 + 9), (2 * CHUNK as u64 - 1, 10), (2 * CHUNK as u64, 3)] {
            let start = usize::try_from(from).unwrap();
            let expected = &content[start..(start + usize::try_from(count).unwrap()).min(content.len())];
            let file = Download::file("a", file(&content)).unwrap().content;
            for source in [Content::Bytes(content.clone()), file] {
                assert_eq!(all(source.part(from, count)).await.unwrap(), expected, "{from} {count}");
            }
        }
    }

    #[test_waits::test]
    async fn another_length_than_was_said_is_an_error() {
        for length in [2, 4] {
            let stream = Mutex::new(Box::pin(stream::iter([Ok(bytes(3))])) as super::ChunkStream);
            assert!(all(Content::Stream { stream, length: Some(length) }).await.is_err(), "{length}");
        }
        let shrunk = Content::File { file: file(&bytes(3)), start: 0, length: 4 };
        assert_eq!(all(shrunk).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
