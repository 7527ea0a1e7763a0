//! The outermost level of a JSON text.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Name, parse_error};
use crate::ApiError;
use crate::codec::level::{Kind, Level, Members};

/// Members for which an object makes room: those of a request.
const MEMBERS_OF_A_REQUEST: usize = 4;

/// Reads a document.
pub(in crate::codec) fn read(bytes: &[u8], max_items: usize) -> Result<Level<'_>, ApiError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|fault| parse_error(format!("Parse error: the text is not UTF-8 at byte {}", fault.valid_up_to())))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.disable_recursion_limit();
    let level = match kind(text.trim_ascii_start().as_bytes()) {
        Kind::Array | Kind::Object => Outermost { max_items }.deserialize(&mut deserializer),
        _ => IgnoredAny::deserialize(&mut deserializer).map(|_| Level::Scalar),
    };
    let level = level.and_then(|level| deserializer.end().map(|()| level));
    level.map_err(|error| parse_error(format!("Parse error: {error}")))
}

struct Outermost {
    /// Items that are kept.
    max_items: usize,
}

impl<'de> DeserializeSeed<'de> for Outermost {
    type Value = Level<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Level<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Outermost {
    type Value = Level<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Level<'de>, A::Error> {
        let (mut items, mut count) = (Vec::new(), 0);
        while let Some(item) = array.next_element::<&RawValue>()? {
            count += 1;
            if count <= self.max_items {
                items.push(item.get().as_bytes());
            }
        }
        Ok(Level::Array { items, count })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Level<'de>, A::Error> {
        let mut members = Members::with_capacity(MEMBERS_OF_A_REQUEST);
        while let Some(name) = object.next_key_seed(Name)? {
            members.add(name, object.next_value::<&RawValue>()?.get().as_bytes());
        }
        Ok(Level::Object(members))
    }
}

/// A value has no white space around it.
pub(in crate::codec) fn kind(value: &[u8]) -> Kind {
    match value.first() {
        Some(b'n') => Kind::Null,
        Some(b'"') => Kind::Text,
        Some(b'[') => Kind::Array,
        Some(b'{') => Kind::Object,
        Some(b'-' | b'0'..=b'9') => Kind::Number,
        _ => Kind::Other,
    }
}

pub(in crate::codec) fn text(value: &[u8]) -> Option<Cow<'_, str>> {
    let inside = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if inside.contains(&b'\\') {
        return serde_json::from_slice(value).ok().map(Cow::Owned);
    }
    std::str::from_utf8(inside).ok().map(Cow::Borrowed)
}
