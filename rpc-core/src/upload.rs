//! A file that came with a call.

use bytes::Bytes;

/// An uploaded file, held in memory.
#[derive(Debug, Clone)]
pub struct Upload {
    name: Box<str>,
    content_type: Box<str>,
    content: Bytes,
}

impl Upload {
    /// A file from inside the process.
    pub fn new(name: &str, content_type: &str, content: impl Into<Bytes>) -> Self {
        Self { name: name.into(), content_type: content_type.into(), content: content.into() }
    }

    /// The name that the sender gave it. Not to be used as a path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The content type that the sender gave it.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The content.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }
}
