//! Codecs: bytes to values and back, between transports and the pipeline.

pub(crate) mod details;
pub(crate) mod finite;
pub(crate) mod fuzz;
pub(crate) mod json;
pub(crate) mod level;
pub(crate) mod msgpack;

use std::borrow::Cow;

use serde_json::Value;

use self::level::{Kind, Level};
use crate::borrowed::BorrowedValue;
use crate::error::{ApiError, ErrorCode};
use crate::limits::DocumentLimits;

/// The encoding of a request, and so of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Codec {
    /// JSON (RFC 8259).
    #[default]
    Json,
    /// [MessagePack](https://github.com/msgpack/msgpack/blob/master/spec.md), as far as it carries what JSON carries:
    /// timestamps, `bin` and decimal text (extension 1) are read as strings, `undefined` as `null`, keys are strings.
    MsgPack,
}

impl Codec {
    /// The codec of a content type, parameters such as `charset` aside. Without one: JSON.
    #[must_use]
    pub fn of_content_type(content_type: Option<&str>) -> Option<Self> {
        let Some(content_type) = content_type else {
            return Some(Self::Json);
        };
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        [Self::Json, Self::MsgPack].into_iter().find(|codec| essence.eq_ignore_ascii_case(codec.content_type()))
    }

    /// The content type of an answer.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::MsgPack => "application/msgpack",
        }
    }

    /// Decodes one whole document.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Parse`] with the place of the fault: bad syntax, invalid UTF-8, a repeated key, more levels or
    /// values than the limits allow, something after the end. In MessagePack also: a key that is not a string, a number that is
    /// not finite, an unknown extension.
    pub fn decode(self, bytes: &[u8], limits: DocumentLimits) -> Result<Value, ApiError> {
        self.decode_borrowed(bytes, limits).map(Value::from)
    }

    /// Decodes one whole document into a value that borrows from the bytes.
    pub(crate) fn decode_borrowed(self, bytes: &[u8], limits: DocumentLimits) -> Result<BorrowedValue<'_>, ApiError> {
        match self {
            Self::Json => json::decode(bytes, limits),
            Self::MsgPack => msgpack::decode(bytes, limits),
        }
    }

    /// Encodes an object of the given members.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Internal`]: a value does not serialise.
    pub(crate) fn encode_object(self, members: &[(&str, Piece<'_>)]) -> Result<Vec<u8>, ApiError> {
        match self {
            Self::Json => json::encode_object(members).map_err(ApiError::internal),
            Self::MsgPack => msgpack::encode_object(members).map_err(ApiError::internal),
        }
    }

    /// Encodes an array of documents that the same codec made.
    pub(crate) fn encode_array(self, items: &[Vec<u8>]) -> Vec<u8> {
        match self {
            Self::Json => json::encode_array(items),
            Self::MsgPack => msgpack::encode_array(items),
        }
    }

    /// Reads the outermost level of a whole document; of an array, keeps so many items at most.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Parse`]: the bytes are not one document.
    pub(crate) fn level(self, bytes: &[u8], max_items: usize) -> Result<Level<'_>, ApiError> {
        match self {
            Self::Json => json::level::read(bytes, max_items),
            Self::MsgPack => msgpack::level::read(bytes, max_items),
        }
    }

    /// The kind of a value, by its first bytes.
    pub(crate) fn kind(self, value: &[u8]) -> Kind {
        match self {
            Self::Json => json::level::kind(value),
            Self::MsgPack => msgpack::level::kind(value),
        }
    }

    /// The text of a value that is a string.
    pub(crate) fn text(self, value: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Json => json::level::text(value),
            Self::MsgPack => msgpack::level::text(value),
        }
    }

    /// An array without its first item, of the bytes of one with so many.
    pub(crate) fn without_first(self, array: &[u8], first: &[u8], count: usize) -> Vec<u8> {
        let end = first.as_ptr().addr() - array.as_ptr().addr() + first.len();
        let rest = array.get(end..).unwrap_or_default();
        match self {
            Self::Json => [b"[", rest.trim_ascii_start().strip_prefix(b",").unwrap_or(rest)].concat(),
            Self::MsgPack => msgpack::array(count - 1, rest),
        }
    }

    /// The encoded `null`.
    pub(crate) fn null(self) -> &'static [u8] {
        match self {
            Self::Json => b"null",
            Self::MsgPack => b"\xc0",
        }
    }

    /// Whether a body is empty. White space counts as nothing in JSON; in MessagePack it is a number.
    pub(crate) fn is_empty_document(self, bytes: &[u8]) -> bool {
        match self {
            Self::Json => bytes.iter().all(u8::is_ascii_whitespace),
            Self::MsgPack => bytes.is_empty(),
        }
    }

    /// Encodes a value, and says whether there may be a `null` in it, which stands for what is not finite too.
    pub(crate) fn encode_noting_null(self, value: &dyn erased_serde::Serialize) -> Result<(Vec<u8>, bool), ApiError> {
        match self {
            Self::Json => json::encode_noting_null(value).map_err(ApiError::internal),
            Self::MsgPack => {
                let bytes = msgpack::encode(value).map_err(ApiError::internal)?;
                let has_null = bytes.contains(&self.null()[0]);
                Ok((bytes, has_null))
            }
        }
    }

    /// Encodes a value.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Internal`]: the value does not serialise.
    pub fn encode(self, value: &dyn erased_serde::Serialize) -> Result<Vec<u8>, ApiError> {
        match self {
            Self::Json => json::encode(value).map_err(ApiError::internal),
            Self::MsgPack => msgpack::encode(value).map_err(ApiError::internal),
        }
    }
}

/// A member's value, on its way into an encoded object.
#[derive(Clone, Copy)]
pub(crate) enum Piece<'a> {
    /// A whole number.
    Number(i32),
    /// A text.
    Text(&'a str),
    /// Bytes that the same codec made.
    Encoded(&'a [u8]),
    /// Anything else.
    Value(&'a dyn erased_serde::Serialize),
}

pub(crate) fn parse_error(message: String) -> ApiError {
    ApiError::of(ErrorCode::Parse).with_reason(message)
}
