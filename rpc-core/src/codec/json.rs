//! JSON, strictly: a repeated key and too deep a nesting are parse errors.

pub(super) mod level;

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::io;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::ser::Formatter;

use super::{Piece, parse_error};
use crate::ApiError;
use crate::borrowed::{BorrowedValue, has_repeated_name};
use crate::limits::DocumentLimits;

/// Decodes a document, which borrows from the bytes where it can.
pub(crate) fn decode(bytes: &[u8], limits: DocumentLimits) -> Result<BorrowedValue<'_>, ApiError> {
    // Looked at once, and not text by text; what is no text is read for the place of its fault.
    let value = match std::str::from_utf8(bytes) {
        Ok(text) => read(serde_json::Deserializer::from_str(text), limits),
        Err(_) => read(serde_json::Deserializer::from_slice(bytes), limits),
    };
    value.map_err(|error| parse_error(format!("Parse error: {error}")))
}

fn read<'de, R: serde_json::de::Read<'de>>(
    mut deserializer: serde_json::Deserializer<R>,
    limits: DocumentLimits,
) -> serde_json::Result<BorrowedValue<'de>> {
    deserializer.disable_recursion_limit();
    let values_left = Cell::new(limits.values);
    let whole = Node { depth_left: limits.depth, values_left: &values_left, members_expected: MEMBERS_OF_A_PARAMETER };
    let value = whole.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

pub(crate) fn encode(value: &dyn erased_serde::Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = Vec::with_capacity(64);
    erased_serde::serialize(value, &mut serde_json::Serializer::new(&mut bytes))?;
    Ok(bytes)
}

/// Encodes a value, and notes whether a `null` is in it.
pub(crate) fn encode_noting_null(value: &dyn erased_serde::Serialize) -> Result<(Vec<u8>, bool), serde_json::Error> {
    let (mut bytes, mut has_null) = (Vec::with_capacity(64), false);
    let formatter = NotingNull(&mut has_null);
    erased_serde::serialize(value, &mut serde_json::Serializer::with_formatter(&mut bytes, formatter))?;
    Ok((bytes, has_null))
}

/// Compact JSON, as without a formatter.
struct NotingNull<'n>(&'n mut bool);

impl Formatter for NotingNull<'_> {
    fn write_null<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        *self.0 = true;
        writer.write_all(b"null")
    }
}

pub(crate) fn encode_object(members: &[(&str, Piece<'_>)]) -> serde_json::Result<Vec<u8>> {
    let length = |piece: &Piece<'_>| match piece {
        Piece::Encoded(bytes) => bytes.len(),
        Piece::Text(text) => text.len() + 2,
        Piece::Number(_) | Piece::Value(_) => 12,
    };
    let mut bytes =
        Vec::with_capacity(2 + members.iter().map(|(name, piece)| name.len() + 4 + length(piece)).sum::<usize>());
    for (position, (name, piece)) in members.iter().enumerate() {
        bytes.push(if position == 0 { b'{' } else { b',' });
        serde_json::to_writer(&mut bytes, name)?;
        bytes.push(b':');
        match piece {
            Piece::Number(number) => serde_json::to_writer(&mut bytes, number)?,
            Piece::Text(text) => serde_json::to_writer(&mut bytes, text)?,
            Piece::Encoded(encoded) => bytes.extend_from_slice(encoded),
            Piece::Value(value) => serde_json::to_writer(&mut bytes, value)?,
        }
    }
    if members.is_empty() {
        bytes.push(b'{');
    }
    bytes.push(b'}');
    Ok(bytes)
}

pub(crate) fn encode_array(items: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + items.iter().map(|item| item.len() + 1).sum::<usize>());
    bytes.push(b'[');
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            bytes.push(b',');
        }
        bytes.extend_from_slice(item);
    }
    bytes.push(b']');
    bytes
}

/// Members for which the first object makes room: most objects that are a parameter have no more.
const MEMBERS_OF_A_PARAMETER: usize = 8;

/// Items for which an array that has one makes room: as many as one that grows.
const FIRST_ITEMS: usize = 4;

/// A value with as many levels of arrays and objects below it as are left.
#[derive(Clone, Copy)]
struct Node<'c> {
    depth_left: usize,
    values_left: &'c Cell<usize>,
    /// Members for which an object makes room at once.
    members_expected: usize,
}

impl Node<'_> {
    fn below<E: Error>(self) -> Result<Self, E> {
        let depth_left =
            self.depth_left.checked_sub(1).ok_or_else(|| E::custom("nested too deeply (the limit is `max_depth`)"))?;
        Ok(Self { depth_left, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = BorrowedValue<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<BorrowedValue<'de>, D::Error> {
        let Some(left) = self.values_left.get().checked_sub(1) else {
            return Err(D::Error::custom("too many values (the limit is `max_values`)"));
        };
        self.values_left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = BorrowedValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<BorrowedValue<'de>, E> {
        Ok(BorrowedValue::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<BorrowedValue<'de>, E> {
        Ok(BorrowedValue::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<BorrowedValue<'de>, E> {
        Ok(BorrowedValue::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<BorrowedValue<'de>, E> {
        Ok(BorrowedValue::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<BorrowedValue<'de>, E> {
        Number::from_f64(value).map(BorrowedValue::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<BorrowedValue<'de>, E> {
        Ok(BorrowedValue::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<BorrowedValue<'de>, E> {
        Ok(BorrowedValue::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<BorrowedValue<'de>, A::Error> {
        let mut below = self.below()?;
        let Some(first) = items.next_element_seed(below)? else { return Ok(BorrowedValue::Array(Vec::new())) };
        let mut values = Vec::with_capacity(FIRST_ITEMS);
        values.push(first);
        // Of many objects, each gets the room that it takes.
        below.members_expected = 0;
        while let Some(value) = items.next_element_seed(below)? {
            values.push(value);
        }
        Ok(BorrowedValue::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<BorrowedValue<'de>, A::Error> {
        let below = Self { members_expected: 0, ..self.below()? };
        let Some(first) = object.next_key_seed(Name)? else { return Ok(BorrowedValue::Object(Vec::new())) };
        let mut members = Vec::with_capacity(self.members_expected);
        members.push((first, object.next_value_seed(below)?));
        while let Some(name) = object.next_key_seed(Name)? {
            members.push((name, object.next_value_seed(below)?));
        }
        if has_repeated_name(&members) {
            return Err(A::Error::custom("repeated key in an object"));
        }
        Ok(BorrowedValue::Object(members))
    }
}

/// The name of a member.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};
    use serde_json::{Value, json};

    use crate::ApiError;
    use crate::limits::DocumentLimits;

    fn decode(bytes: &[u8], limits: DocumentLimits) -> Result<Value, ApiError> {
        super::decode(bytes, limits).map(Value::from)
    }

    const LIMITS: DocumentLimits = DocumentLimits { depth: 128, values: 1000 };

    fn refusal(text: &str) -> String {
        decode(text.as_bytes(), LIMITS).unwrap_err().reason().to_owned()
    }

    #[test]
    fn ordinary_documents_decode() {
        let text = r#" [1, -2, 1.5, "a\u00e9", null, true, {"b": [], "a": {}}, 18446744073709551615] "#;
        let expected = json!([1, -2, 1.5, "aé", null, true, {"b": [], "a": {}}, 18_446_744_073_709_551_615_u64]);
        assert_eq!(decode(text.as_bytes(), LIMITS).unwrap(), expected);
    }

    #[test]
    fn a_refusal_says_what_and_where() {
        assert!(refusal(r#"{"a":1,"a":2}"#).contains("repeated key in an object at line 1"));
        assert!(refusal(r#"[1] 2"#).contains("trailing characters"));
        assert!(refusal("[1e999]").contains("out of range"));
        assert!(refusal("").contains("EOF"));
        assert!(decode(b"\"\xff\"", LIMITS).is_err());
    }

    #[test]
    fn depth_is_exact_and_does_not_use_up_the_stack() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(decode(nested(128).as_bytes(), LIMITS).is_ok());
        assert!(refusal(&nested(129)).contains("nested too deeply"));
        assert!(refusal(&"[".repeat(1_000_000)).contains("nested too deeply"));
        assert!(refusal(&r#"{"a":"#.repeat(100_000)).contains("nested too deeply"));
    }

    #[test]
    fn values_are_counted_wherever_they_are() {
        let many = |count: usize| format!("[{{\"a\":[{}]}}]", vec!["1"; count].join(","));
        assert!(decode(many(997).as_bytes(), LIMITS).is_ok());
        assert!(refusal(&many(998)).contains("too many values (the limit is `max_values`)"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
            let _ = decode(&bytes, LIMITS);
        }

        #[test]
        fn what_serde_json_reads_we_read_alike(text in "[\\[\\]{}:,\"a0-9.eE+ -]{0,24}") {
            if let Ok(ours) = decode(text.as_bytes(), LIMITS) {
                let theirs: Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(ours, theirs);
            }
        }
    }
}
