//! The outermost level of a MessagePack document.

use std::borrow::Cow;

use rmp::Marker;

use super::decode::{self, Fault, Reader};
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
pub(in crate::codec) fn read(bytes: &[u8], most_items: usize) -> Result<Level<'_>, ApiError> {
    outermost(bytes, most_items).map_err(|fault| parse_error(fault.to_string()))
}

fn outermost(bytes: &[u8], most_items: usize) -> Result<Level<'_>, Fault> {
    let mut reader = Reader::new(bytes);
    let level = match reader.enter()? {
        None => {
            reader.skip()?;
            Level::Scalar
        }
        Some((Kind::Array, count)) => {
            let mut items = Vec::with_capacity(count.min(most_items).min(ROOM));
            for position in 0..count {
                let item = reader.skip()?;
                if position < most_items {
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
