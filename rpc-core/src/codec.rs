//! Bytes to values and back: the seam between transports and the pipeline.

pub(crate) mod fuzz;
pub(crate) mod json;
pub(crate) mod msgpack;

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::error::{ApiError, ErrorCode, Violation};
use crate::limits::DocumentLimits;
use crate::method::Method;
use crate::pointer::escape;
use crate::schema::violations::MAX_LISTED;
use crate::tree::Tree;

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
        match self {
            Self::Json => json::decode(bytes, limits).map(Value::from),
            Self::MsgPack => msgpack::decode(bytes, limits),
        }
    }

    /// The same, for one reading.
    pub(crate) fn decode_tree(self, bytes: &[u8], limits: DocumentLimits) -> Result<Tree<'_>, ApiError> {
        match self {
            Self::Json => json::decode(bytes, limits),
            Self::MsgPack => msgpack::decode(bytes, limits).map(Tree::from),
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

    /// Whether a body says nothing at all. White space is nothing in JSON, and a number in MessagePack.
    pub(crate) fn is_empty_document(self, bytes: &[u8]) -> bool {
        match self {
            Self::Json => bytes.iter().all(u8::is_ascii_whitespace),
            Self::MsgPack => bytes.is_empty(),
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

/// The parameters of a call, as they came.
#[derive(Debug)]
pub enum Params {
    /// None.
    None,
    /// Bytes that are decoded once the caller has got past credentials, permission and limits.
    Encoded(Bytes),
    /// By position.
    Positional(Vec<Value>),
    /// By name.
    Named(Map<String, Value>),
    /// They could not be read. The caller learns it when credentials, permission and limits are checked.
    Unreadable(ApiError),
}

impl Params {
    /// Takes the positional values. A document that is no array is the only parameter; names are put in order by `method`.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Parse`], why they could not be read, or names that the method does not have.
    pub(crate) fn take(
        &mut self,
        codec: Codec,
        limits: DocumentLimits,
        method: Option<&Method>,
    ) -> Result<Vec<Tree<'_>>, ApiError> {
        let trees = |values: Vec<Value>| values.into_iter().map(Tree::from).collect();
        if let Self::Encoded(bytes) = self {
            return if codec.is_empty_document(bytes) {
                Ok(Vec::new())
            } else {
                codec.decode_tree(bytes, limits).map(|tree| match tree {
                    Tree::Array(values) => values,
                    only => vec![only],
                })
            };
        }
        match std::mem::replace(self, Self::None) {
            Self::Positional(values) => Ok(trees(values)),
            Self::Named(values) => positional(values, method).map(trees),
            Self::Unreadable(error) => Err(error),
            Self::None | Self::Encoded(_) => Ok(Vec::new()),
        }
    }
}

/// Puts named values into the order of the method's parameters; those left out are `null`, at the end they are absent.
fn positional(mut values: Map<String, Value>, method: Option<&Method>) -> Result<Vec<Value>, ApiError> {
    let Some(method) = method else { return Ok(vec![Value::Object(values)]) };
    let mut ordered: Vec<Option<Value>> = method.params().iter().map(|param| values.remove(param.name())).collect();
    if !values.is_empty() {
        return Err(ApiError::violations(unknown_names(&values, method)));
    }
    let missing = |(position, _): (usize, &Option<Value>)| method.missing(position);
    let missing: Vec<Violation> =
        ordered.iter().enumerate().filter(|(_, value)| value.is_none()).filter_map(missing).collect();
    if !missing.is_empty() {
        return Err(ApiError::violations(missing));
    }
    let given = ordered.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    ordered.truncate(given);
    Ok(ordered.into_iter().map(Option::unwrap_or_default).collect())
}

fn unknown_names(values: &Map<String, Value>, method: &Method) -> Vec<Violation> {
    let unknown = |name: &String| Violation {
        pointer: format!("/{}", escape(name)),
        keyword: "additionalProperties".into(),
        message: format!("`{name}` is no parameter: {}", method.usage()),
    };
    values.keys().take(MAX_LISTED).map(unknown).collect()
}

pub(crate) fn parse_error(message: String) -> ApiError {
    ApiError::of(ErrorCode::Parse).with_reason(message)
}
