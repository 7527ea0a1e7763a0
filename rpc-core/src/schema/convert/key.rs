//! The name of a member becomes the key of a map: text, or a number or a truth value that is written as text.
//!
//! Each key has one spelling, the one that JSON would give it: `7`, and not `07`, so that no two members are one key.

use std::fmt::Display;

use serde::de::value::StrDeserializer;
use serde::de::{Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Number;

use super::ConvertError;

/// A member's name.
pub(super) struct Key<'k>(pub(super) &'k str);

impl Key<'_> {
    /// The whole number that is written like this.
    fn whole<N: std::str::FromStr + Display>(&self) -> Option<N> {
        self.0.parse().ok().filter(|number: &N| number.to_string() == self.0)
    }

    /// The number in a JSON document that holds nothing else.
    fn real(&self) -> Option<f64> {
        let is_bare = !self.0.contains(|any: char| any.is_ascii_whitespace());
        let number: Number = serde_json::from_str(self.0).ok().filter(|_| is_bare)?;
        number.as_f64()
    }
}

fn refusal(expected: &str) -> ConvertError {
    ConvertError::new("propertyNames", format!("has a name that is not {expected}"))
}

macro_rules! whole_keys {
    ($($method:ident $visit:ident $number:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
            let expected = || format!("a whole number from {} to {}", $number::MIN, $number::MAX);
            visitor.$visit(self.whole::<$number>().ok_or_else(|| refusal(&expected()))?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'_> {
    type Error = ConvertError;

    whole_keys! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64, deserialize_u128 visit_u128 u128
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match self.0 {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(refusal("\"true\" or \"false\"")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        visitor.visit_f64(self.real().ok_or_else(|| refusal("a number"))?)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        let mut chars = self.0.chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => visitor.visit_char(only),
            _ => Err(refusal("a single character")),
        }
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        visitor.visit_str(self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        StrDeserializer::new(self.0).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;
    use serde_json::json;

    use crate::schema::convert::from_value;

    /// The only key of `{name: null}`, or why it is none.
    fn key<K: DeserializeOwned + Ord>(name: &str) -> Result<K, String> {
        let map = from_value::<BTreeMap<K, ()>>(json!({ name: null })).map_err(|error| error.to_string())?;
        Ok(map.into_keys().next().unwrap())
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Real(f64);

    impl Eq for Real {}

    impl PartialOrd for Real {
        fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
            Some(self.cmp(other))
        }
    }

    impl Ord for Real {
        fn cmp(&self, other: &Self) -> std::cmp::Ordering {
            self.0.total_cmp(&other.0)
        }
    }

    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Plain {
        A,
    }

    #[test]
    fn keys_are_what_json_writes_for_them() {
        assert_eq!((key(""), key("true"), key("false")), (Ok(String::new()), Ok(true), Ok(false)));
        assert_eq!((key("255"), key("-128")), (Ok(255_u8), Ok(-128_i8)));
        assert_eq!((key(&u128::MAX.to_string()), key(&i128::MIN.to_string())), (Ok(u128::MAX), Ok(i128::MIN)));
        assert_eq!((key("1.5"), key("-2"), key("1e3")), (Ok(Real(1.5)), Ok(Real(-2.0)), Ok(Real(1000.0))));
        assert_eq!((key("é"), key("a"), key("x")), (Ok('é'), Ok(Plain::A), Ok(Some("x".to_owned()))));
    }

    #[test]
    fn other_spellings_are_refused_with_what_is_expected() {
        let byte = Err("has a name that is not a whole number from 0 to 255".to_owned());
        for name in ["", "07", "+7", "-0", "256", " 7", "7 ", "7.0", "٣", "seven"] {
            assert_eq!(key::<u8>(name), byte, "{name:?}");
        }
        let truth = Err("has a name that is not \"true\" or \"false\"".to_owned());
        assert_eq!((key::<bool>("True"), key::<bool>("1")), (truth.clone(), truth));
        for name in ["", "NaN", "inf", "1.", ".5", " 1", "1 ", "\n1", "x"] {
            assert_eq!(key::<Real>(name), Err("has a name that is not a number".to_owned()), "{name:?}");
        }
        assert_eq!(key::<char>("ab"), Err("has a name that is not a single character".to_owned()));
        assert_eq!(key::<Plain>("b"), Err("must be one of \"a\"".to_owned()));
    }
}
