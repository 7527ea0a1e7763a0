//! The outermost level of a document: what is in it stays encoded. Requests are read in this way, so that one from a stranger
//! costs little.

use std::borrow::Cow;

/// Members that a request has room for: JSON-RPC knows four.
const MAX_MEMBERS: usize = 64;

/// A document, as slices of its bytes. The syntax below the outermost level is checked.
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

impl<'b> Members<'b> {
    pub(super) fn with_capacity(members: usize) -> Self {
        Self { members: Vec::with_capacity(members.min(MAX_MEMBERS)), fault: None }
    }

    /// Adds the next member. A repeated name or too many members are a fault.
    pub(super) fn add(&mut self, name: Cow<'b, str>, value: &'b [u8]) {
        if self.fault.is_some() {
            return;
        }
        if self.members.iter().any(|(known, _)| *known == name) {
            self.fault = Some("Parse error: repeated key in an object");
        } else if self.members.len() == MAX_MEMBERS {
            self.fault = Some("Parse error: too many members in a request");
        } else {
            self.members.push((name, value));
        }
    }

    /// The value of a member.
    pub(crate) fn of(&self, name: &str) -> Option<&'b [u8]> {
        self.members.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// Why the members must not be used, if so.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        self.fault
    }
}

/// The kind of an encoded value.
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
