//! The decoders as functions of bytes, for fuzz targets and property tests. They end for any bytes, and panic where a decoder
//! breaks a promise.

use serde::Deserialize;
use serde_json::Value;

use super::Codec;

const MAX_DEPTH: usize = 128;

/// Decodes JSON. What we read, serde_json reads alike, and MessagePack carries.
///
/// # Panics
///
/// A promise is broken.
pub fn decode_json(bytes: &[u8]) {
    let Ok(value) = Codec::Json.decode(bytes, MAX_DEPTH) else { return };
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
    let Ok(value) = Codec::MsgPack.decode(bytes, MAX_DEPTH) else { return };
    assert_survives(Codec::MsgPack, &value);
    assert!(Codec::Json.encode(&value).is_ok_and(|bytes| Codec::Json.decode(&bytes, MAX_DEPTH).is_ok()));
}

fn assert_survives(codec: Codec, value: &Value) {
    let encoded = codec.encode(value).expect("a JSON value encodes");
    let again = codec.decode(&encoded, MAX_DEPTH);
    assert_eq!(again.ok().as_ref(), Some(value), "{codec:?} does not carry the value");
}
