//! Collects an upload while it comes in.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};

use super::{Content, Upload};

/// The content so far. When it is dropped, it leaves nothing behind.
#[derive(Debug, Default)]
pub(crate) struct Spool {
    memory: BytesMut,
    file: Option<File>,
    size: u64,
}

impl Spool {
    /// Bytes that are held in memory before a temporary file is made.
    pub(crate) const IN_MEMORY: u64 = 64 * 1024;

    /// Adds a piece.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be made or written.
    pub(crate) async fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        self.size += piece.len() as u64;
        self.memory.extend_from_slice(piece);
        if (self.memory.len() as u64) < Self::IN_MEMORY { Ok(()) } else { self.flush().await }
    }

    /// Bytes so far.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The complete file.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be written.
    pub(crate) async fn finish(mut self, name: &str, content_type: &str) -> io::Result<Upload> {
        let (name, content_type, size) = (name.into(), content_type.into(), self.size);
        if self.file.is_some() && !self.memory.is_empty() {
            self.flush().await?;
        }
        let content = match self.file {
            Some(file) => Content::File(Arc::new(Mutex::new(file))),
            None => Content::Memory(self.memory.freeze()),
        };
        Ok(Upload { name, content_type, size, content, _held: [None, None] })
    }

    async fn flush(&mut self) -> io::Result<()> {
        let (file, bytes) = (self.file.take(), self.memory.split().freeze());
        let written = tokio::task::spawn_blocking(move || append(file, &bytes)).await;
        self.file = Some(written.map_err(io::Error::other)??);
        Ok(())
    }
}

/// The file is unlinked from the start: the system frees it when the process ends, however it ends.
fn append(file: Option<File>, bytes: &Bytes) -> io::Result<File> {
    let mut file = file.map_or_else(tempfile::tempfile, Ok)?;
    file.write_all(bytes)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::Spool;

    #[test_waits::test]
    async fn content_of_any_size_comes_back() {
        for size in [0, 1, 64 * 1024 - 1, 64 * 1024, 200_000] {
            let content: Vec<u8> = (0..size).map(|byte| (byte % 251) as u8).collect();
            let mut spool = Spool::default();
            for piece in content.chunks(1000) {
                spool.write(piece).await.unwrap();
            }
            assert_eq!(spool.size(), size as u64);
            let upload = spool.finish("a", "b").await.unwrap();
            let (mut first, mut second) = (upload.reader(), upload.reader());
            let mut read = Vec::new();
            while let Some(chunk) = first.chunk().await.unwrap() {
                read.extend_from_slice(&chunk);
                second.chunk().await.unwrap();
            }
            assert!(read == content && upload.size() == size as u64, "{size}");
        }
    }
}
