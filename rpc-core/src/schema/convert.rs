//! A validated value becomes a Rust value: serde over `BorrowedValue`, which moves strings, coerces nothing, and knows where it failed.
//!
//! Integers come only from integers, objects only from objects, plain enum values only from strings.

mod key;

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use self::key::Key;
use super::label::{label, shortened};
use crate::borrowed::{BorrowedValue, Member};
use crate::error::{ApiError, Violation};
use crate::pointer::escape;

pub(crate) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, ConvertError> {
    from_borrowed(value.into())
}

pub(crate) fn from_borrowed<T: DeserializeOwned>(value: BorrowedValue<'_>) -> Result<T, ConvertError> {
    T::deserialize(Node(value))
}

/// Why a value does not convert, and where.
#[derive(Debug)]
pub struct ConvertError(Box<Fault>);

#[derive(Debug)]
struct Fault {
    /// Pointer segments, innermost first.
    path: Vec<String>,
    keyword: &'static str,
    message: String,
}

impl ConvertError {
    fn new(keyword: &'static str, message: String) -> Self {
        Self(Box::new(Fault { path: Vec::new(), keyword, message }))
    }

    #[cfg(test)]
    pub(super) fn keyword(&self) -> &'static str {
        self.0.keyword
    }

    pub(crate) fn inside(mut self, segment: &str) -> Self {
        self.0.path.push(escape(segment));
        self
    }

    /// The error for the parameter `name` at `position`.
    pub(crate) fn into_api_error(self, name: &str, position: usize) -> ApiError {
        let below = shortened(self.0.path.iter().rev().flat_map(|segment| ["/", segment]).collect());
        let message = format!("`{}` {}", label(name, &below), self.0.message);
        ApiError::violations(vec![Violation {
            pointer: format!("/{position}{below}"),
            keyword: self.0.keyword.into(),
            message,
        }])
    }
}

impl fmt::Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for ConvertError {}

impl de::Error for ConvertError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new("type", format!("is refused: {message}"))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new("type", format!("must be {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new("type", format!("must be {expected}"))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::new("type", format!("must have another length: {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new("enum", format!("must be one of {}", quoted(expected)))
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new("additionalProperties", format!("has an unknown member; known are {}", quoted(expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("required", format!("lacks the member \"{field}\""))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("type", format!("has the member \"{field}\" twice"))
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

struct Node<'t>(BorrowedValue<'t>);

impl Node<'_> {
    fn mismatch<'de, V: Visitor<'de>>(&self, visitor: &V) -> ConvertError {
        de::Error::invalid_type(Unexpected::Other("another type"), visitor)
    }
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = ConvertError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match self.0 {
            BorrowedValue::Null => visitor.visit_unit(),
            BorrowedValue::Bool(value) => visitor.visit_bool(value),
            BorrowedValue::Number(value) => number(&value, visitor),
            BorrowedValue::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            BorrowedValue::Text(Cow::Owned(text)) => visitor.visit_string(text),
            BorrowedValue::Array(values) => visit_array(values, visitor),
            BorrowedValue::Object(members) => visit_object(members, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match self.0 {
            BorrowedValue::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        match self.0 {
            BorrowedValue::Object(members) => visit_object(members, visitor),
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConvertError> {
        match self.0 {
            BorrowedValue::Text(name) => visitor.visit_enum(Variant { name, content: None }),
            BorrowedValue::Object(mut members) if members.len() == 1 => match members.pop() {
                Some((name, content)) => visitor.visit_enum(Variant { name, content: Some(content) }),
                None => Err(de::Error::custom("an object with one member is expected")),
            },
            _ => Err(self.mismatch(&visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConvertError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct identifier
    }
}

impl<'de> IntoDeserializer<'de, ConvertError> for Node<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn number<'de, V: Visitor<'de>>(value: &serde_json::Number, visitor: V) -> Result<V::Value, ConvertError> {
    if let Some(value) = value.as_u64() {
        visitor.visit_u64(value)
    } else if let Some(value) = value.as_i64() {
        visitor.visit_i64(value)
    } else {
        visitor.visit_f64(value.as_f64().unwrap_or(f64::NAN))
    }
}

fn visit_array<'de, V: Visitor<'de>>(values: Vec<BorrowedValue<'de>>, visitor: V) -> Result<V::Value, ConvertError> {
    let mut items = Items { values: values.into_iter(), position: 0 };
    let value = visitor.visit_seq(&mut items)?;
    match items.values.len() {
        0 => Ok(value),
        surplus => Err(ConvertError::new("maxItems", format!("has {surplus} items too many"))),
    }
}

fn visit_object<'de, V: Visitor<'de>>(members: Vec<Member<'de>>, visitor: V) -> Result<V::Value, ConvertError> {
    visitor.visit_map(Members { members: members.into_iter(), current: None })
}

struct Items<'t> {
    values: std::vec::IntoIter<BorrowedValue<'t>>,
    position: usize,
}

impl<'de> SeqAccess<'de> for &mut Items<'de> {
    type Error = ConvertError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ConvertError> {
        let Some(value) = self.values.next() else {
            return Ok(None);
        };
        let position = self.position;
        self.position += 1;
        seed.deserialize(Node(value)).map(Some).map_err(|error| error.inside(&position.to_string()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.values.len())
    }
}

struct Members<'t> {
    members: std::vec::IntoIter<Member<'t>>,
    current: Option<Member<'t>>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = ConvertError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ConvertError> {
        self.current = self.members.next();
        let Some((key, _)) = &self.current else { return Ok(None) };
        seed.deserialize(Key(key)).map(Some).map_err(|error| error.inside(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ConvertError> {
        let (key, value) = self.current.take().ok_or_else(|| de::Error::custom("a value without a key"))?;
        seed.deserialize(Node(value)).map_err(|error| error.inside(&key))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.members.len())
    }
}

struct Variant<'t> {
    name: Cow<'t, str>,
    content: Option<BorrowedValue<'t>>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = ConvertError;
    type Variant = Content<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Content<'de>), ConvertError> {
        let variant = seed.deserialize(Key(&self.name))?;
        Ok((variant, Content { name: self.name, value: self.content }))
    }
}

struct Content<'t> {
    name: Cow<'t, str>,
    value: Option<BorrowedValue<'t>>,
}

impl<'t> Content<'t> {
    fn node(self) -> Result<(Cow<'t, str>, Node<'t>), ConvertError> {
        let value = self.value.ok_or_else(|| ConvertError::new("type", "must be an object".to_owned()))?;
        Ok((self.name, Node(value)))
    }
}

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = ConvertError;

    fn unit_variant(self) -> Result<(), ConvertError> {
        match self.value {
            None => Ok(()),
            Some(_) => Err(ConvertError::new("type", "must be a string".to_owned())),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, ConvertError> {
        let (name, node) = self.node()?;
        seed.deserialize(node).map_err(|error| error.inside(&name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ConvertError> {
        let (name, node) = self.node()?;
        node.deserialize_any(visitor).map_err(|error| error.inside(&name))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, ConvertError> {
        let (name, node) = self.node()?;
        node.deserialize_map(visitor).map_err(|error| error.inside(&name))
    }
}
