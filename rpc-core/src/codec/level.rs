//! The outermost level of a document: what is in it stays encoded. Requests are read so, and cost whoever may not call no more.

use std::borrow::Cow;

use super::{Codec, json, msgpack};
use crate::error::ApiError;

/// Members that a request has room for: JSON-RPC knows four.
const MOST_MEMBERS: usize = 64;

/// What a document is, in slices of its bytes. What is below is looked over for its syntax.
#[derive(Debug)]
pub(crate) enum Level<'b> {
    /// An array: its first items, and how many there are.
    Array { items: Vec<&'b [u8]>, count: usize },
    /// An object.
    Object(Members<'b>),
    /// Neither.
    Scalar,
}

/// The members of an object.
#[derive(Debug, Default)]
pub(crate) struct Members<'b> {
    members: Vec<(Cow<'b, str>, &'b [u8])>,
    fault: Option<&'static str>,
}

impl<'b> Level<'b> {
    /// Reads a whole document; of an array, keeps so many items at most.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::Parse`](crate::ErrorCode::Parse): the bytes are not one document.
    pub(crate) fn read(codec: Codec, bytes: &'b [u8], most_items: usize) -> Result<Self, ApiError> {
        match codec {
            Codec::Json => json::level::read(bytes, most_items),
            Codec::MsgPack => msgpack::level::read(bytes, most_items),
        }
    }
}

impl<'b> Members<'b> {
    pub(super) fn with_capacity(members: usize) -> Self {
        Self { members: Vec::with_capacity(members.min(MOST_MEMBERS)), fault: None }
    }

    /// Adds the next member. A request that repeats a name is none, nor is one of very many members.
    pub(super) fn add(&mut self, name: Cow<'b, str>, value: &'b [u8]) {
        if self.fault.is_some() {
            return;
        }
        if self.members.iter().any(|(known, _)| *known == name) {
            self.fault = Some("Parse error: repeated key in an object");
        } else if self.members.len() == MOST_MEMBERS {
            self.fault = Some("Parse error: too many members in a request");
        } else {
            self.members.push((name, value));
        }
    }

    /// The value of a member.
    pub(crate) fn of(&self, name: &str) -> Option<&'b [u8]> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// Why they are not to be used.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        self.fault
    }
}

/// What kind of value an encoded one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `null`.
    Null,
    /// MessagePack's `undefined`: as if it were not there.
    Undefined,
    /// A number.
    Number,
    /// A string.
    Text,
    /// An array.
    Array,
    /// An object.
    Object,
    /// Anything else.
    Other,
}

impl Codec {
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
}
