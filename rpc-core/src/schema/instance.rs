//! How the validator reads a decoded document.

use std::borrow::Cow;
use std::iter::Map;
use std::slice::Iter;

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object, cmp};
use serde_json::{Number, Value};

use crate::borrowed::{BorrowedValue, Member};

/// The form of documents that validators of parameters take.
#[derive(Debug)]
pub(crate) enum BorrowedValues {}

impl Json for BorrowedValues {
    type Node<'a> = &'a BorrowedValue<'a>;
    type PreparedKey = Box<str>;
    type StringBuffer = ();

    /// A name is looked for from the first member on, so one pass over all of them soon costs less than a search for each.
    const KEYS_PER_LOOKUP: usize = 2;
    const ACYCLIC: bool = true;

    fn prepare_key(key: &str) -> Box<str> {
        key.into()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Self::Node<'_>) -> T) -> T {
        f(&BorrowedValue::Text(Cow::Borrowed(string)))
    }
}

impl<'a> Node<'a, BorrowedValues> for &'a BorrowedValue<'a> {
    type Object = &'a [Member<'a>];
    type Array = &'a [BorrowedValue<'a>];
    type Number = &'a Number;

    fn as_object(&self) -> Option<&'a [Member<'a>]> {
        if let BorrowedValue::Object(members) = self { Some(members) } else { None }
    }

    fn as_array(&self) -> Option<&'a [BorrowedValue<'a>]> {
        if let BorrowedValue::Array(items) = self { Some(items) } else { None }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        if let BorrowedValue::Text(text) = self { Some(Cow::Borrowed(text)) } else { None }
    }

    fn as_number(&self) -> Option<&'a Number> {
        if let BorrowedValue::Number(number) = self { Some(number) } else { None }
    }

    fn as_boolean(&self) -> Option<bool> {
        if let BorrowedValue::Bool(value) = self { Some(*value) } else { None }
    }

    fn is_null(&self) -> bool {
        matches!(self, BorrowedValue::Null)
    }

    fn json_type(&self) -> JsonType {
        match self {
            BorrowedValue::Null => JsonType::Null,
            BorrowedValue::Bool(_) => JsonType::Boolean,
            BorrowedValue::Number(_) => JsonType::Number,
            BorrowedValue::Text(_) => JsonType::String,
            BorrowedValue::Array(_) => JsonType::Array,
            BorrowedValue::Object(_) => JsonType::Object,
        }
    }

    /// Length in Unicode code points; bytes alone decide most cases, since a code point takes one to four of them.
    fn string_length_within(&self, min: u64, max: u64) -> Option<bool> {
        let BorrowedValue::Text(text) = self else { return None };
        let most = text.len() as u64;
        let least = most.div_ceil(4);
        if min <= least && most <= max {
            return Some(true);
        }
        if most < min || max < least {
            return Some(false);
        }
        Some((min..=max).contains(&(text.chars().count() as u64)))
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (self, expected) {
            (BorrowedValue::Text(text), Value::String(expected)) => text == expected,
            (BorrowedValue::Text(_), _) | (_, Value::String(_)) => false,
            _ => cmp::equal(&self.to_value(), expected),
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(Value::from((*self).clone()))
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref::<BorrowedValue<'_>>(self).addr()))
    }
}

impl<'a> Object<'a, BorrowedValues> for &'a [Member<'a>] {
    type Node = &'a BorrowedValue<'a>;
    type MemberName = &'a str;
    type MembersIter = Map<Iter<'a, Member<'a>>, fn(&'a Member<'a>) -> (&'a str, &'a BorrowedValue<'a>)>;

    fn len(&self) -> usize {
        <[Member<'_>]>::len(self)
    }

    fn get(&self, key: &Box<str>) -> Option<&'a BorrowedValue<'a>> {
        self.iter().find(|(name, _)| **name == **key).map(|(_, value)| value)
    }

    fn members(&self) -> Self::MembersIter {
        self.iter().map(|(name, value)| (&**name, value))
    }
}

impl<'a> Array<'a, BorrowedValues> for &'a [BorrowedValue<'a>] {
    type Node = &'a BorrowedValue<'a>;
    type ElementsIter = Iter<'a, BorrowedValue<'a>>;

    fn len(&self) -> usize {
        <[BorrowedValue<'_>]>::len(self)
    }

    fn elements(&self) -> Iter<'a, BorrowedValue<'a>> {
        self.iter()
    }
}
