//! A file that came with a call: small ones in memory, others in a temporary file that is gone with the call, whatever happens.

mod save;
mod several;
mod spool;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::budget::Hold;

pub use self::several::Uploads;
pub(crate) use self::spool::Spool;

/// Bytes of one chunk.
const CHUNK: usize = 64 * 1024;

/// An uploaded file.
#[derive(Debug, Clone)]
pub struct Upload {
    name: Box<str>,
    content_type: Box<str>,
    size: u64,
    content: Content,
    /// Its slot among the uploads that the process has room for, and its room in memory.
    _held: [Option<Arc<Hold>>; 2],
}

#[derive(Debug, Clone)]
enum Content {
    Memory(Bytes),
    /// Without a name in the file system, so that nothing is left of it.
    File(Arc<Mutex<File>>),
}

impl Upload {
    /// A file from inside the process.
    pub fn new(name: &str, content_type: &str, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        let size = content.len() as u64;
        Self {
            name: name.into(),
            content_type: content_type.into(),
            size,
            content: Content::Memory(content),
            _held: [None, None],
        }
    }

    /// Holds its slot, and its room in memory, for as long as the upload exists.
    pub(crate) fn holding(self, held: [Option<Hold>; 2]) -> Self {
        Self { _held: held.map(|hold| hold.map(Arc::new)), ..self }
    }

    /// The name that the sender gave it; may be empty. Not to be used as a path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The content type that the sender gave it; `application/octet-stream` when there was none.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads the content from its beginning.
    #[must_use]
    pub fn reader(&self) -> UploadReader {
        UploadReader { content: self.content.clone(), position: 0 }
    }
}

/// Reads an [`Upload`], chunk by chunk. Several readers of one upload do not disturb each other.
#[derive(Debug)]
pub struct UploadReader {
    content: Content,
    position: u64,
}

impl UploadReader {
    /// The next chunk, at most 64 KiB; `None` at the end.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be read.
    pub async fn chunk(&mut self) -> io::Result<Option<Bytes>> {
        let chunk = match &self.content {
            Content::Memory(content) => memory_chunk(content, self.position),
            Content::File(file) => {
                let (file, position) = (Arc::clone(file), self.position);
                tokio::task::spawn_blocking(move || file_chunk(&file, position)).await.map_err(io::Error::other)??
            }
        };
        self.position += chunk.len() as u64;
        Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
    }
}

fn memory_chunk(content: &Bytes, position: u64) -> Bytes {
    let start = usize::try_from(position).unwrap_or(usize::MAX).min(content.len());
    content.slice(start..content.len().min(start.saturating_add(CHUNK)))
}

fn file_chunk(file: &Mutex<File>, position: u64) -> io::Result<Bytes> {
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    file.seek(SeekFrom::Start(position))?;
    let mut chunk = Vec::with_capacity(CHUNK);
    (&mut *file).take(CHUNK as u64).read_to_end(&mut chunk)?;
    Ok(chunk.into())
}
