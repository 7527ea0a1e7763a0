//! A file as an answer, sent as it is and piece by piece.

mod chunks;
mod disposition;

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use futures_util::Stream;
use http::HeaderValue;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use tokio::io::AsyncRead;

pub(crate) use self::chunks::Chunks;
pub(crate) use self::disposition::disposition;
use super::error::ReplyError;
use super::etag::etag;

/// A file as an answer: sent as it is, without envelope, piece by piece, never faster than the caller takes it.
///
/// It is for plain HTTP, where GET, HEAD and ranges of it work if the method is `read_only`, and for calls from inside the process.
/// Over JSON-RPC and WebSocket its method refuses to be called. A file on disk stays open until it is sent, or its caller is gone.
///
/// ```
/// use rpc_core::{ApiError, Download, api_method, api_module};
///
/// api_module! {
///     /// Reports
///     path = "/v1/reports"
/// }
///
/// /// A report as CSV
/// #[api_method(path = "/v1/reports/csv", permissions = ["user"])]
/// async fn csv() -> Result<Download, ApiError> {
///     Ok(Download::bytes("report.csv", "a,b\n1,2\n").content_type("text/csv; charset=utf-8")?)
/// }
/// ```
///
/// The `timeout` of the method is for its function; the sending has the times of answers (`write_timeout`, `write_rate`). While it is
/// sent, it counts as a call that runs, and the pieces on their way count as memory.
#[derive(Debug)]
pub struct Download {
    pub(crate) name: String,
    pub(crate) content_type: HeaderValue,
    pub(crate) is_inline: bool,
    /// An entity tag in quotes.
    pub(crate) etag: Option<HeaderValue>,
    pub(crate) content: Content,
}

/// What a download is made of.
pub(crate) enum Content {
    Bytes(Bytes),
    /// So many bytes from a position.
    File {
        file: File,
        start: u64,
        length: u64,
    },
    /// Read once, from its beginning. The lock is never waited for: it makes the stream fit for threads.
    Stream {
        stream: Mutex<ChunkStream>,
        length: Option<u64>,
    },
}

type ChunkStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

impl Download {
    fn new(name: impl Into<String>, content: Content) -> Self {
        let content_type = HeaderValue::from_static("application/octet-stream");
        Self { name: name.into(), content_type, is_inline: false, etag: None, content }
    }

    /// A file from memory.
    pub fn bytes(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self::new(name, Content::Bytes(content.into()))
    }

    /// A file on disk, as long as it is now. Its entity tag says its length and when it was changed.
    ///
    /// # Errors
    ///
    /// The system does not tell its length, or it is no regular file.
    pub fn file(name: impl Into<String>, file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "only a regular file can be sent"));
        }
        let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let length = metadata.len();
        let tag = changed.map(|changed| format!("{length:x}-{:x}", changed.as_nanos()));
        let mut download = Self::new(name, Content::File { file, start: 0, length });
        download.etag = tag.and_then(|tag| etag(&tag).ok());
        Ok(download)
    }

    /// Opens a file on disk, under the last part of its path. Who may read which file is for the method to decide: a path that a
    /// caller sends leads anywhere.
    ///
    /// # Errors
    ///
    /// It cannot be opened, or is no regular file.
    pub async fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let opened = tokio::task::spawn_blocking(move || Self::file(name, File::open(path)?)).await;
        opened.map_err(io::Error::other)?
    }

    /// A file that is read while it is sent.
    pub fn reader(name: impl Into<String>, reader: impl AsyncRead + Send + 'static) -> Self {
        Self::stream(name, chunks::of_reader(reader))
    }

    /// A file that comes in pieces, while it is sent. An error ends the connection, so that nobody takes the beginning for the whole.
    pub fn stream(name: impl Into<String>, stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self::new(name, Content::Stream { stream: Mutex::new(Box::pin(stream)), length: None })
    }

    /// Says how many bytes a reader or a stream gives, so that clients can show how far they are. One that gives less or more ends in
    /// an error. Bytes and files know their length.
    #[must_use]
    pub fn length(mut self, bytes: u64) -> Self {
        if let Content::Stream { length, .. } = &mut self.content {
            *length = Some(bytes);
        }
        self
    }

    /// Sets the content type. Default: `application/octet-stream`.
    ///
    /// # Errors
    ///
    /// It is none: [`ReplyError::BadContentType`].
    pub fn content_type(mut self, content_type: &str) -> Result<Self, ReplyError> {
        let bad = || ReplyError::BadContentType(content_type.to_owned());
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
        };
        let (kind, subkind) = essence.split_once('/').ok_or_else(bad)?;
        if !is_word(kind) || !is_word(subkind) || !content_type.is_ascii() {
            return Err(bad());
        }
        self.content_type = HeaderValue::from_str(content_type).map_err(|_| bad())?;
        Ok(self)
    }

    /// Lets browsers show it in place of saving it. A page among the files runs no script, and sees nothing of this server.
    #[must_use]
    pub fn inline(mut self) -> Self {
        self.is_inline = true;
        self
    }

    /// Names the version of the content, so that a client goes on with a half file only if it is of the same one.
    ///
    /// # Errors
    ///
    /// See [`Reply::etag`](crate::Reply::etag).
    pub fn etag(mut self, tag: &str) -> Result<Self, ReplyError> {
        self.etag = Some(etag(tag)?);
        Ok(self)
    }

    /// Bytes in all; `None` where nobody said.
    pub(crate) fn size(&self) -> Option<u64> {
        self.content.size()
    }

    /// Bytes in all, where a part of it can be sent.
    pub(crate) fn seekable_size(&self) -> Option<u64> {
        self.size().filter(|_| !matches!(self.content, Content::Stream { .. }))
    }

    /// Reads it whole, as calls from inside the process do.
    ///
    /// # Errors
    ///
    /// It cannot be read, or has another length than was said.
    pub async fn read(self) -> io::Result<Bytes> {
        let mut chunks = Chunks::of(self.content);
        let mut all = Vec::new();
        while let Some(chunk) = chunks.next().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.into())
    }

    /// The name that clients are told: the last part of a path, of at most 255 bytes, and never empty.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        disposition::file_name(&self.name)
    }
}

impl Content {
    /// A part of it; the whole of what has no parts.
    pub(crate) fn part(self, from: u64, bytes: u64) -> Self {
        match self {
            Self::Bytes(all) => {
                let from = usize::try_from(from).unwrap_or(usize::MAX).min(all.len());
                let end = from.saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX)).min(all.len());
                Self::Bytes(all.slice(from..end))
            }
            Self::File { file, start, length } => {
                let from = from.min(length);
                Self::File { file, start: start + from, length: bytes.min(length - from) }
            }
            Self::Stream { .. } => self,
        }
    }

    /// Bytes in all; `None` where nobody said.
    pub(crate) fn size(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::File { length, .. } => Some(*length),
            Self::Stream { length, .. } => *length,
        }
    }

    /// Bytes of it that are in memory already.
    pub(crate) fn in_memory(&self) -> u64 {
        if let Self::Bytes(bytes) = self { bytes.len() as u64 } else { 0 }
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::File { length, .. } => write!(f, "a file of {length} bytes"),
            Self::Stream { length: Some(length), .. } => write!(f, "a stream of {length} bytes"),
            Self::Stream { .. } => f.write_str("a stream"),
        }
    }
}

/// The data of an answer that is a file: [`Download::into_reply`] makes it. Its schema says that it is binary.
#[derive(Debug, Default)]
pub struct FileContent(());

impl Serialize for FileContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl JsonSchema for FileContent {
    fn schema_name() -> Cow<'static, str> {
        "FileContent".into()
    }

    fn schema_id() -> Cow<'static, str> {
        concat!(module_path!(), "::FileContent").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "binary"})
    }
}
