//! The outermost level of a MessagePack document.

use std::borrow::Cow;

use rmp::Marker;

use super::decode::{self, Fault, NEVER_USED, Reader, fault};
use crate::ApiError;
use crate::borrowed::BorrowedValue;
use crate::codec::level::{Kind, Level, Members};
use crate::codec::parse_error;
use crate::limits::DocumentLimits;

/// Items for which an array makes room at once.
const ROOM: usize = 16;

/// Of a value that holds no others.
const SINGLE: DocumentLimits = DocumentLimits { depth: 0, values: 1 };

/// Reads a document.
pub(in crate::codec) fn read(bytes: &[u8], max_items: usize) -> Result<Level<'_>, ApiError> {
    outermost(bytes, max_items).map_err(|fault| parse_error(fault.to_string()))
}

fn outermost(bytes: &[u8], max_items: usize) -> Result<Level<'_>, Fault> {
    let mut reader = Reader::new(bytes);
    let level = match reader.enter()? {
        None => {
            reader.skip()?;
            Level::Scalar
        }
        Some((Kind::Array, count)) => {
            let mut items = Vec::with_capacity(count.min(max_items).min(ROOM));
            for position in 0..count {
                let item = reader.skip()?;
                if position < max_items {
                    items.push(item);
                }
            }
            Level::Array { items, count }
        }
        Some((_, count)) => {
            let mut members = Members::with_capacity(count);
            for _ in 0..count {
                members.add(Cow::Borrowed(reader.key()?), reader.skip()?);
            }
            Level::Object(members)
        }
    };
    reader.end()?;
    Ok(level)
}

impl<'a> Reader<'a> {
    /// The kind and the length of the array or map that is next, which is entered; `None` for anything else.
    fn enter(&mut self) -> Result<Option<(Kind, usize)>, Fault> {
        let at = self.position;
        let [first] = self.array()?;
        let (kind, length) = match Marker::from_u8(first) {
            Marker::FixArray(length) => (Kind::Array, length.into()),
            Marker::Array16 => (Kind::Array, self.length::<2>()?),
            Marker::Array32 => (Kind::Array, self.length::<4>()?),
            Marker::FixMap(length) => (Kind::Object, length.into()),
            Marker::Map16 => (Kind::Object, self.length::<2>()?),
            Marker::Map32 => (Kind::Object, self.length::<4>()?),
            _ => {
                self.position = at;
                return Ok(None);
            }
        };
        self.holds(values_in(kind, length), at)?;
        Ok(Some((kind, length)))
    }

    /// Passes over one value with all in it, and gives its bytes. Only its form is looked at; no level of it is kept in mind.
    fn skip(&mut self) -> Result<&'a [u8], Fault> {
        let start = self.position;
        let mut pending = 1;
        while pending > 0 {
            pending -= 1;
            match self.enter()? {
                Some((kind, length)) => pending += values_in(kind, length),
                None => self.skip_single()?,
            }
        }
        Ok(&self.bytes[start..self.position])
    }

    /// Passes over a value that holds no others.
    fn skip_single(&mut self) -> Result<(), Fault> {
        let at = self.position;
        let [first] = self.array()?;
        let length = match Marker::from_u8(first) {
            Marker::Null | Marker::False | Marker::True | Marker::FixPos(_) | Marker::FixNeg(_) => 0,
            Marker::U8 | Marker::I8 => 1,
            Marker::U16 | Marker::I16 | Marker::FixExt1 => 2,
            Marker::U32 | Marker::I32 | Marker::F32 => 4,
            Marker::U64 | Marker::I64 | Marker::F64 => 8,
            Marker::FixExt2 => 3,
            Marker::FixExt4 => 5,
            Marker::FixExt8 => 9,
            Marker::FixExt16 => 17,
            Marker::Bin8 => self.length::<1>()?,
            Marker::Bin16 => self.length::<2>()?,
            Marker::Bin32 => self.length::<4>()?,
            Marker::Ext8 => self.length::<1>()? + 1,
            Marker::Ext16 => self.length::<2>()? + 1,
            Marker::Ext32 => self.length::<4>()? + 1,
            Marker::Reserved => return fault(NEVER_USED, at),
            marker => return self.string(marker, at).map(drop),
        };
        self.take(length, at).map(drop)
    }
}

/// How many values an array or a map of a length holds.
fn values_in(kind: Kind, length: usize) -> usize {
    if kind == Kind::Object { length.saturating_mul(2) } else { length }
}

/// What is read as a string counts as one.
pub(in crate::codec) fn kind(value: &[u8]) -> Kind {
    let marker = value.first().map_or(Marker::Reserved, |first| Marker::from_u8(*first));
    match marker {
        Marker::Null => Kind::Null,
        Marker::FixExt1 if value == decode::ENCODED_UNDEFINED => Kind::Undefined,
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => Kind::Text,
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => Kind::Array,
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => Kind::Object,
        Marker::FixPos(_) | Marker::FixNeg(_) => Kind::Number,
        Marker::U8 | Marker::U16 | Marker::U32 | Marker::U64 => Kind::Number,
        Marker::I8 | Marker::I16 | Marker::I32 | Marker::I64 => Kind::Number,
        Marker::F32 | Marker::F64 if decode::decode(value, SINGLE).is_ok() => Kind::Number,
        _ => match decode::decode(value, SINGLE) {
            Ok(BorrowedValue::Text(_)) => Kind::Text,
            Ok(BorrowedValue::Null) => Kind::Undefined,
            _ => Kind::Other,
        },
    }
}

/// The text of a value that is read as a string.
pub(in crate::codec) fn text(value: &[u8]) -> Option<Cow<'_, str>> {
    match decode::decode(value, SINGLE) {
        Ok(BorrowedValue::Text(text)) => Some(text),
        _ => None,
    }
}
