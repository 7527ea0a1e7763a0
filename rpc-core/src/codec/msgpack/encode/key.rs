//! Keys of maps: text, as in JSON. Numbers and booleans become their text; what JSON refuses is refused.

use std::fmt::Display;

use serde::ser::{Error, Impossible};
use serde::{Serialize, Serializer};
use serde_json::Number;

use super::{EncodeError, Encoder};

/// Encodes a key.
pub(super) struct Key<'a>(pub(super) Encoder<'a>);

fn refusal() -> EncodeError {
    EncodeError::custom("a map key that is not a string")
}

/// Values that are refused, and values that are written as their text.
macro_rules! keys {
    (text: $($text:ident($type:ty)),*; refused: $($refused:ident($($ignored:ty),*) -> $output:ty),*;) => {
        $(fn $text(self, value: $type) -> Result<(), EncodeError> {
            self.0.collect_str(&value)
        })*
        $(fn $refused(self, $(_: $ignored),*) -> Result<$output, EncodeError> {
            Err(refusal())
        })*
    };
}

type Never = Impossible<(), EncodeError>;

impl Serializer for Key<'_> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    keys! {
        text:
            serialize_bool(bool), serialize_char(char),
            serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128),
            serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_u128(u128);
        refused:
            serialize_bytes(&[u8]) -> (),
            serialize_none() -> (),
            serialize_unit() -> (),
            serialize_unit_struct(&'static str) -> (),
            serialize_seq(Option<usize>) -> Never,
            serialize_tuple(usize) -> Never,
            serialize_tuple_struct(&'static str, usize) -> Never,
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never,
            serialize_map(Option<usize>) -> Never,
            serialize_struct(&'static str, usize) -> Never,
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    }

    fn serialize_f32(self, value: f32) -> Result<(), EncodeError> {
        if !value.is_finite() {
            return Err(refusal());
        }
        self.0.collect_str(&serde_json::to_string(&value).map_err(EncodeError::custom)?)
    }

    fn serialize_f64(self, value: f64) -> Result<(), EncodeError> {
        self.0.collect_str(&Number::from_f64(value).ok_or_else(refusal)?)
    }

    fn serialize_str(self, value: &str) -> Result<(), EncodeError> {
        self.0.serialize_str(value)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        self.0.collect_str(value)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), EncodeError> {
        self.0.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), EncodeError> {
        Err(refusal())
    }
}
