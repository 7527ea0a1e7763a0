//! The outermost level of a document: what is in it stays encoded. Requests are read so, and cost whoever may not call no more.

use std::borrow::Cow;

/// Members that a request has room for: JSON-RPC knows four.
const MAX_MEMBERS: usize = 64;

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

impl<'b> Members<'b> {
    pub(super) fn with_capacity(members: usize) -> Self {
        Self { members: Vec::with_capacity(members.min(MAX_MEMBERS)), fault: None }
    }

    /// Adds the next member. A request that repeats a name is none, nor is one of very many members.
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
