//! The id of a request: the bytes that the caller wrote, which the answer repeats.

use bytes::Bytes;

use crate::codec::Codec;
use crate::codec::level::Kind;
use crate::limits::DocumentLimits;

/// Size of a document, in bytes, up to which it is kept for its id.
const SMALL: usize = 4 * 1024;
/// Bytes of an id. It is in memory for as long as its call runs, and belongs to what a call is counted with.
const MAX: usize = 1024;
/// Bytes up to which ids that are written otherwise are compared by what they mean.
const SHORT: usize = 64;

/// An id, encoded.
#[derive(Debug, Clone)]
pub(crate) struct Id {
    codec: Codec,
    bytes: Bytes,
}

/// Why a value is no id: one is a string, a number or null (JSON-RPC 2.0, section 4).
#[derive(Debug, Clone, Copy)]
pub(crate) enum NoId {
    OfAnotherType,
    TooLong,
}

impl NoId {
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::OfAnotherType => "Invalid request: `id` is a string, a number or null",
            Self::TooLong => "Invalid request: `id` has more than 1024 bytes",
        }
    }
}

impl Id {
    /// The id of answers to something without an id of its own.
    pub(crate) fn null(codec: Codec) -> Self {
        Self { codec, bytes: Bytes::from_static(codec.null()) }
    }

    /// Takes a value of a document; `None` for MessagePack's `undefined`.
    ///
    /// # Errors
    ///
    /// The value is no id, or is longer than any that is kept beside its call.
    pub(crate) fn read(codec: Codec, document: &Bytes, value: &[u8]) -> Result<Option<Self>, NoId> {
        match codec.kind(value) {
            Kind::Null | Kind::Text | Kind::Number if value.len() > MAX => Err(NoId::TooLong),
            Kind::Null | Kind::Text | Kind::Number => Ok(Some(Self::of(codec, document, value))),
            Kind::Undefined => Ok(None),
            Kind::Array | Kind::Object | Kind::Other => Err(NoId::OfAnotherType),
        }
    }

    fn of(codec: Codec, document: &Bytes, value: &[u8]) -> Self {
        // A slice would keep a large document in memory for as long as its call runs.
        let is_small = document.len() <= SMALL;
        let bytes = if is_small { document.slice_ref(value) } else { Bytes::copy_from_slice(value) };
        Self { codec, bytes }
    }

    /// The encoding of the value.
    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    /// The encoded value.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl PartialEq for Id {
    /// Whether both name the same request. A client may write an id in another way than before.
    fn eq(&self, other: &Self) -> bool {
        if self.codec == other.codec && self.bytes == other.bytes {
            return true;
        }
        let value = |id: &Self| id.codec.decode(&id.bytes, DocumentLimits { depth: 0, values: 1 }).ok();
        let are_short = self.bytes.len() <= SHORT && other.bytes.len() <= SHORT;
        are_short && value(self).is_some_and(|value_of_self| Some(value_of_self) == value(other))
    }
}
