//! Arrays and maps on their way out. Their length is counted, since serde may know none, or a wrong one.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant,
};

use super::key::Key;
use super::{EncodeError, Encoder, Header, length, mend};

/// An array or a map that is being written.
pub(in crate::codec::msgpack) struct Items<'a> {
    bytes: &'a mut Vec<u8>,
    header: Header,
    start: usize,
    first: usize,
    declared: usize,
    count: usize,
}

impl<'a> Items<'a> {
    pub(super) fn start(bytes: &'a mut Vec<u8>, header: Header, declared: Option<usize>) -> Result<Self, EncodeError> {
        let declared = declared.unwrap_or(0);
        let start = bytes.len();
        header(bytes, length(declared)?)?;
        let first = bytes.len();
        Ok(Self { bytes, header, start, first, declared, count: 0 })
    }

    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        self.count += 1;
        key.serialize(Key(Encoder::new(self.bytes)))
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(Encoder::new(self.bytes))
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.count += 1;
        self.value(value)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), EncodeError> {
        self.key(name)?;
        self.value(value)
    }

    fn finish(self) -> Result<(), EncodeError> {
        if self.count == self.declared {
            return Ok(());
        }
        mend(self.bytes, self.start..self.first, self.header, self.count)
    }
}

/// Implements traits of serde whose parts are written in one step.
macro_rules! in_one_step {
    ($($trait:ident: $method:ident($($name:ident)?) is $step:ident;)*) => {$(
        impl $trait for Items<'_> {
            type Ok = ();
            type Error = EncodeError;

            fn $method<T: Serialize + ?Sized>(&mut self $(, $name: &'static str)?, value: &T) -> Result<(), EncodeError> {
                self.$step($($name,)? value)
            }

            fn end(self) -> Result<(), EncodeError> {
                self.finish()
            }
        }
    )*};
}

in_one_step! {
    SerializeSeq: serialize_element() is item;
    SerializeTuple: serialize_element() is item;
    SerializeTupleStruct: serialize_field() is item;
    SerializeTupleVariant: serialize_field() is item;
    SerializeStruct: serialize_field(name) is member;
    SerializeStructVariant: serialize_field(name) is member;
}

impl SerializeMap for Items<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.value(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}
