//! The decoders as functions of bytes, for fuzz targets and property tests. They end for any bytes, and panic where a decoder
//! breaks a promise.

use serde::Deserialize;
use serde_json::Value;

use super::Codec;
use crate::limits::DocumentLimits;

const LIMITS: DocumentLimits = DocumentLimits { depth: 128, values: usize::MAX };

/// Decodes JSON. What we read, serde_json reads alike, and MessagePack carries.
///
/// # Panics
///
/// A promise is broken.
pub fn decode_json(bytes: &[u8]) {
    let Ok(value) = Codec::Json.decode(bytes, LIMITS) else { return };
    let mut theirs = serde_json::Deserializer::from_slice(bytes);
    theirs.disable_recursion_limit();
    assert_eq!(Value::deserialize(&mut theirs).ok().as_ref(), Some(&value), "serde_json reads otherwise");
    assert_survives(Codec::MsgPack, &value);
}

/// Decodes MessagePack. What we read, we write and read again alike.
///
/// # Panics
///
/// A promise is broken.
pub fn decode_msgpack(bytes: &[u8]) {
    let Ok(value) = Codec::MsgPack.decode(bytes, LIMITS) else { return };
    assert_survives(Codec::MsgPack, &value);
    assert!(Codec::Json.encode(&value).is_ok_and(|bytes| Codec::Json.decode(&bytes, LIMITS).is_ok()));
}

fn assert_survives(codec: Codec, value: &Value) {
    let encoded = codec.encode(value).expect("a JSON value encodes");
    let again = codec.decode(&encoded, LIMITS);
    assert!(again.is_ok_and(|again| same(&again, value)), "{codec:?} does not carry the value");
}

/// Equal, where `1.0` and `1` are one number.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, left)| right.get(name).is_some_and(|right| same(left, right)))
        }
        _ => left == right,
    }
}
