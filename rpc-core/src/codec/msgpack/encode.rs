//! Rust values to MessagePack, in the shape that JSON would give them: names for fields and variants, text for keys.

mod items;
mod key;

use std::fmt::Display;
use std::io;
use std::io::Write;
use std::ops::Range;

use rmp::Marker;
use rmp::encode::{
    ValueWriteError, write_array_len, write_bin_len, write_bool, write_ext_meta, write_f32, write_f64, write_map_len,
    write_nil, write_sint, write_str_len, write_uint,
};
use serde::{Serialize, Serializer};

use self::items::Items;
use super::decode::DECIMAL;

/// Why a value does not encode.
#[derive(Debug, thiserror::Error)]
#[error("not encoded as MessagePack: {0}")]
pub(crate) struct EncodeError(String);

impl serde::ser::Error for EncodeError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl From<io::Error> for EncodeError {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<ValueWriteError> for EncodeError {
    fn from(error: ValueWriteError) -> Self {
        Self(error.to_string())
    }
}

/// Writes what precedes so many elements.
type Header = fn(&mut Vec<u8>, u32) -> Result<Marker, ValueWriteError>;

/// A length in the four bytes that MessagePack has for one.
fn length(length: usize) -> Result<u32, EncodeError> {
    u32::try_from(length).map_err(|_| EncodeError(format!("{length} elements are too many")))
}

/// Replaces a header by that of the real length.
fn mend(bytes: &mut Vec<u8>, old: Range<usize>, header: Header, len: usize) -> Result<(), EncodeError> {
    let end = bytes.len();
    header(bytes, length(len)?)?;
    let added = bytes.len() - end;
    bytes[old.start..].rotate_right(added);
    bytes.drain(old.start + added..old.end + added);
    Ok(())
}

/// Appends one value to a buffer.
pub(super) struct Encoder<'a> {
    bytes: &'a mut Vec<u8>,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(bytes: &'a mut Vec<u8>) -> Self {
        Self { bytes }
    }

    pub(super) fn map_header(self, members: usize) -> Result<(), EncodeError> {
        write_map_len(self.bytes, length(members)?)?;
        Ok(())
    }

    pub(super) fn array_header(self, items: usize) -> Result<(), EncodeError> {
        write_array_len(self.bytes, length(items)?)?;
        Ok(())
    }

    /// The name of a variant, as the only key of a map.
    fn variant(&mut self, name: &str) -> Result<(), EncodeError> {
        Encoder::new(self.bytes).map_header(1)?;
        Encoder::new(self.bytes).serialize_str(name)
    }

    fn array(self, declared: Option<usize>) -> Result<Items<'a>, EncodeError> {
        Items::start(self.bytes, write_array_len, declared)
    }

    fn map(self, declared: Option<usize>) -> Result<Items<'a>, EncodeError> {
        Items::start(self.bytes, write_map_len, declared)
    }

    /// A number that 64 bits do not hold.
    fn decimal(self, number: impl Display) -> Result<(), EncodeError> {
        let digits = number.to_string();
        write_ext_meta(self.bytes, length(digits.len())?, DECIMAL)?;
        self.bytes.extend_from_slice(digits.as_bytes());
        Ok(())
    }
}

impl<'a> Serializer for Encoder<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Items<'a>;
    type SerializeMap = Items<'a>;
    type SerializeStruct = Items<'a>;
    type SerializeStructVariant = Items<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), EncodeError> {
        Ok(write_bool(self.bytes, value)?)
    }

    fn serialize_i8(self, value: i8) -> Result<(), EncodeError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), EncodeError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), EncodeError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), EncodeError> {
        write_sint(self.bytes, value)?;
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<(), EncodeError> {
        match (u64::try_from(value), i64::try_from(value)) {
            (Ok(value), _) => self.serialize_u64(value),
            (_, Ok(value)) => self.serialize_i64(value),
            _ => self.decimal(value),
        }
    }

    fn serialize_u8(self, value: u8) -> Result<(), EncodeError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), EncodeError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), EncodeError> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), EncodeError> {
        write_uint(self.bytes, value)?;
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), EncodeError> {
        match u64::try_from(value) {
            Ok(value) => self.serialize_u64(value),
            Err(_) => self.decimal(value),
        }
    }

    /// `null` for what is not finite, as in JSON.
    fn serialize_f32(self, value: f32) -> Result<(), EncodeError> {
        if !value.is_finite() {
            return self.serialize_unit();
        }
        Ok(write_f32(self.bytes, value)?)
    }

    /// `null` for what is not finite, as in JSON.
    fn serialize_f64(self, value: f64) -> Result<(), EncodeError> {
        if !value.is_finite() {
            return self.serialize_unit();
        }
        Ok(write_f64(self.bytes, value)?)
    }

    fn serialize_char(self, value: char) -> Result<(), EncodeError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), EncodeError> {
        write_str_len(self.bytes, length(value.len())?)?;
        self.bytes.extend_from_slice(value.as_bytes());
        Ok(())
    }

    /// Writes the text where it belongs, and its length afterwards: no `String` in between.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        let start = self.bytes.len();
        write_str_len(self.bytes, 0)?;
        let text = self.bytes.len();
        write!(self.bytes, "{value}")?;
        let len = self.bytes.len() - text;
        mend(self.bytes, start..text, write_str_len, len)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), EncodeError> {
        write_bin_len(self.bytes, length(value.len())?)?;
        self.bytes.extend_from_slice(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        Ok(write_nil(self.bytes)?)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), EncodeError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), EncodeError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.variant(variant)?;
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Items<'a>, EncodeError> {
        self.array(length)
    }

    fn serialize_tuple(self, length: usize) -> Result<Items<'a>, EncodeError> {
        self.array(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Items<'a>, EncodeError> {
        self.array(Some(length))
    }

    fn serialize_tuple_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items<'a>, EncodeError> {
        self.variant(variant)?;
        self.array(Some(length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Items<'a>, EncodeError> {
        self.map(length)
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Items<'a>, EncodeError> {
        self.map(Some(length))
    }

    fn serialize_struct_variant(
        mut self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items<'a>, EncodeError> {
        self.variant(variant)?;
        self.map(Some(length))
    }
}
