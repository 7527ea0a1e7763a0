//! Finds a number that is not finite, which neither codec has, in a value that has already been encoded with `null` in its place.

use std::fmt;
use std::fmt::Display;

use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant,
};
use serde::{Serialize, Serializer};

use crate::pointer;

/// The place of the first number that is not finite, as a JSON Pointer (RFC 6901).
pub(crate) fn first_not_finite(value: &dyn erased_serde::Serialize) -> Option<String> {
    match erased_serde::serialize(value, Search) {
        Err(End::Found(place)) => Some(place),
        Err(End::Broken) | Ok(()) => None,
    }
}

/// Why the search ended early.
#[derive(Debug)]
enum End {
    /// Here it is.
    Found(String),
    /// The value does not serialise; whoever encodes it says so.
    Broken,
}

impl Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the search has ended")
    }
}

impl std::error::Error for End {}

impl serde::ser::Error for End {
    fn custom<T: Display>(_: T) -> Self {
        Self::Broken
    }
}

type Found = Result<(), End>;

/// Looks at every number, and writes nothing.
struct Search;

/// Looks at what is inside an array or an object.
struct Inside(usize);

/// Looks at what is inside a variant, which the value is an object with one member for.
struct InVariant(&'static str, Inside);

/// Looks at a value at a place inside another one.
fn at<T: Serialize + ?Sized>(place: impl FnOnce() -> String, value: &T) -> Found {
    below(place, value.serialize(Search))
}

/// What was found below a place.
fn below(place: impl FnOnce() -> String, found: Found) -> Found {
    found.map_err(|end| match end {
        End::Found(rest) => End::Found(format!("/{}{rest}", place())),
        End::Broken => End::Broken,
    })
}

fn number(value: f64) -> Found {
    if value.is_finite() { Ok(()) } else { Err(End::Found(String::new())) }
}

impl Inside {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Found {
        let position = self.0;
        self.0 += 1;
        at(|| position.to_string(), value)
    }
}

fn member<T: Serialize + ?Sized>(name: &str, value: &T) -> Found {
    at(|| pointer::escape(name), value)
}

/// What holds no number with a fraction.
macro_rules! nothing {
    ($($name:ident($($arg:ty),*);)*) => {
        $(fn $name(self $(, _: $arg)*) -> Found {
            Ok(())
        })*
    };
}

/// What holds values.
macro_rules! inside {
    ($($name:ident($($arg:ty),*);)*) => {
        $(fn $name(self $(, _: $arg)*) -> Result<Inside, End> {
            Ok(Inside(0))
        })*
    };
}

impl Serializer for Search {
    type Ok = ();
    type Error = End;
    type SerializeSeq = Inside;
    type SerializeTuple = Inside;
    type SerializeTupleStruct = Inside;
    type SerializeTupleVariant = InVariant;
    type SerializeMap = Inside;
    type SerializeStruct = Inside;
    type SerializeStructVariant = InVariant;

    nothing! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    inside! {
        serialize_seq(Option<usize>);
        serialize_tuple(usize);
        serialize_tuple_struct(&'static str, usize);
        serialize_map(Option<usize>);
        serialize_struct(&'static str, usize);
    }

    fn serialize_f32(self, value: f32) -> Found {
        number(value.into())
    }

    fn serialize_f64(self, value: f64) -> Found {
        number(value)
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Found {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Found {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Found {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Found {
        member(variant, value)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<InVariant, End> {
        Ok(InVariant(variant, Inside(0)))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<InVariant, End> {
        Ok(InVariant(variant, Inside(0)))
    }
}

/// The traits of what holds values by position.
macro_rules! by_position {
    ($($kind:ident::$method:ident),*) => {
        $(impl $kind for Inside {
            type Ok = ();
            type Error = End;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Found {
                self.item(value)
            }

            fn end(self) -> Found {
                Ok(())
            }
        })*
    };
}

by_position!(SerializeSeq::serialize_element, SerializeTuple::serialize_element, SerializeTupleStruct::serialize_field);

impl SerializeStruct for Inside {
    type Ok = ();
    type Error = End;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Found {
        member(name, value)
    }

    fn end(self) -> Found {
        Ok(())
    }
}

impl SerializeTupleVariant for InVariant {
    type Ok = ();
    type Error = End;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Found {
        below(|| pointer::escape(self.0), self.1.item(value))
    }

    fn end(self) -> Found {
        Ok(())
    }
}

impl SerializeStructVariant for InVariant {
    type Ok = ();
    type Error = End;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Found {
        below(|| pointer::escape(self.0), member(name, value))
    }

    fn end(self) -> Found {
        Ok(())
    }
}

impl SerializeMap for Inside {
    type Ok = ();
    type Error = End;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Found {
        Ok(())
    }

    /// A value whose key was told apart from it: its position stands for the key.
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Found {
        self.item(value)
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(&mut self, key: &K, value: &V) -> Found {
        let name = || match serde_json::to_value(key) {
            Ok(serde_json::Value::String(name)) => pointer::escape(&name),
            Ok(other) => other.to_string(),
            Err(_) => "?".to_owned(),
        };
        at(name, value)
    }

    fn end(self) -> Found {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::first_not_finite;

    #[derive(Serialize)]
    enum Shape {
        Circle(f64),
        Box { sides: (u8, f32) },
    }

    #[derive(Serialize)]
    struct Place {
        shapes: Vec<Shape>,
        #[serde(flatten)]
        more: BTreeMap<&'static str, Option<f64>>,
    }

    #[test]
    fn the_place_of_what_is_not_finite_is_found() {
        let place = |shape, more| Place { shapes: vec![shape], more: BTreeMap::from([("a/b", more)]) };
        let found = |shape, more| first_not_finite(&place(shape, more));
        assert_eq!(found(Shape::Circle(1.0), None), None);
        assert_eq!(found(Shape::Circle(f64::NAN), None).as_deref(), Some("/shapes/0/Circle"));
        assert_eq!(found(Shape::Box { sides: (1, f32::INFINITY) }, None).as_deref(), Some("/shapes/0/Box/sides/1"));
        assert_eq!(found(Shape::Circle(1.0), Some(f64::NEG_INFINITY)).as_deref(), Some("/a~1b"));
        assert_eq!(first_not_finite(&f64::NAN).as_deref(), Some(""));
    }
}
