//! MessagePack, in the dialect of the JavaScript clients: it carries what JSON carries, and what they add to it is read as
//! JSON would show it.
//!
//! | MessagePack | read as |
//! | --- | --- |
//! | `d4 00 00`, a JavaScript `undefined` | `null` |
//! | a timestamp (extension −1) | RFC 3339 text in UTC, with milliseconds |
//! | extension 1, decimal text | text |
//! | `bin` | Base64 text |
//! | another extension, a map key that is no string, a repeated key, a float that is not finite | a parse error |

mod decode;
mod encode;
pub(super) mod level;
mod timestamp;

use serde::Serializer;

pub(crate) use self::decode::decode;
use self::encode::{EncodeError, Encoder};
use super::Piece;

pub(crate) fn encode(value: &dyn erased_serde::Serialize) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::with_capacity(64);
    erased_serde::serialize(value, Encoder::new(&mut bytes))?;
    Ok(bytes)
}

pub(crate) fn encode_object(members: &[(&str, Piece<'_>)]) -> Result<Vec<u8>, EncodeError> {
    let length = |piece: &Piece<'_>| match piece {
        Piece::Encoded(bytes) => bytes.len(),
        Piece::Text(text) => text.len() + 5,
        Piece::Number(_) | Piece::Value(_) => 12,
    };
    let mut bytes =
        Vec::with_capacity(5 + members.iter().map(|(name, piece)| name.len() + 5 + length(piece)).sum::<usize>());
    Encoder::new(&mut bytes).map_header(members.len())?;
    for (name, piece) in members {
        Encoder::new(&mut bytes).serialize_str(name)?;
        match piece {
            Piece::Number(number) => Encoder::new(&mut bytes).serialize_i32(*number)?,
            Piece::Text(text) => Encoder::new(&mut bytes).serialize_str(text)?,
            Piece::Encoded(encoded) => bytes.extend_from_slice(encoded),
            Piece::Value(value) => erased_serde::serialize(*value, Encoder::new(&mut bytes))?,
        }
    }
    Ok(bytes)
}

pub(crate) fn encode_array(items: &[Vec<u8>]) -> Vec<u8> {
    array(items.len(), &items.concat())
}

/// An array of so many encoded items.
pub(super) fn array(length: usize, items: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(5 + items.len());
    Encoder::new(&mut bytes).array_header(length).expect("memory holds fewer than 2^32 encoded documents");
    bytes.extend_from_slice(items);
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt;

    use serde::{Serialize, Serializer};
    use serde_json::{Value, json};

    use super::{encode, encode_array, encode_object};
    use crate::ApiError;
    use crate::codec::{Piece, json};
    use crate::limits::DocumentLimits;

    fn decode(bytes: &[u8], limits: DocumentLimits) -> Result<Value, ApiError> {
        super::decode(bytes, limits).map(Value::from)
    }

    /// A value means the same in both codecs.
    #[track_caller]
    fn assert_like_json(value: &dyn erased_serde::Serialize) {
        let ours = decode(&encode(value).unwrap(), DocumentLimits::NONE).unwrap();
        let theirs = json::encode(value).unwrap();
        assert_eq!(ours, Value::from(json::decode(&theirs, DocumentLimits::NONE).unwrap()));
    }

    #[derive(Serialize)]
    enum Variant {
        Unit,
        Newtype(u8),
        Tuple(u8, u8),
        Struct { first: u8 },
    }

    #[derive(Serialize)]
    struct Unit;

    #[derive(Serialize)]
    struct Newtype(u8);

    #[derive(Serialize)]
    struct Pair(u8, &'static str);

    #[derive(Serialize)]
    struct Outer {
        first: Option<u8>,
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<u8>,
        #[serde(flatten)]
        inner: Inner,
    }

    #[derive(Serialize)]
    struct Inner {
        second: f64,
        #[serde(flatten)]
        others: BTreeMap<&'static str, u8>,
    }

    /// Serialises through `collect_str`, as dates and UUIDs do.
    struct Shown(String);

    impl fmt::Display for Shown {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl Serialize for Shown {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }

    /// An array whose length serde is not told.
    struct Uncounted(usize);

    impl Serialize for Uncounted {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..self.0).filter(|_| true))
        }
    }

    #[test]
    fn rust_values_look_as_in_json() {
        assert_like_json(&(1_u8, -1_i64, u64::MAX, i64::MIN, 1.5_f32, 'é', "", true, (), None::<u8>));
        assert_like_json(&[f64::NAN, f64::INFINITY, 0.1]);
        assert_like_json(&[Variant::Unit, Variant::Newtype(1), Variant::Tuple(1, 2), Variant::Struct { first: 1 }]);
        assert_like_json(&(Unit, Newtype(1), Pair(1, "b")));
        let inner = Inner { second: 0.5, others: BTreeMap::from([("third", 3), ("fourth", 4)]) };
        assert_like_json(&Outer { first: Some(1), left_out: None, inner });
        assert_like_json(&std::net::Ipv4Addr::LOCALHOST);
        assert_like_json(&(i128::from(i64::MIN), u128::from(u64::MAX)));
    }

    #[test]
    fn lengths_that_serde_does_not_know_are_mended() {
        for length in [0, 1, 15, 16, 17, 31, 32, 255, 256, 65_535, 65_536] {
            assert_like_json(&Shown("x".repeat(length)));
            assert_like_json(&"x".repeat(length));
            assert_like_json(&vec![7; length]);
            assert_like_json(&serde_json::Map::from_iter((0..length).map(|key| (key.to_string(), json!(key)))));
            assert_like_json(&Uncounted(length));
        }
        let others = (0..300).map(|key| (&*key.to_string().leak(), 1)).collect();
        assert_like_json(&[Inner { second: 1.5, others }]);
    }

    #[test]
    fn keys_become_text_as_in_json() {
        assert_like_json(&BTreeMap::from([(1_u64, 1), (256, 2)]));
        assert_like_json(&BTreeMap::from([(-1_i8, 1)]));
        assert_like_json(&BTreeMap::from([(true, 1)]));
        assert_like_json(&BTreeMap::from([('é', 1)]));
        assert_like_json(&BTreeMap::from([(Some("a"), 1)]));
        assert!(encode(&BTreeMap::from([((), 1)])).is_err());
        assert!(encode(&BTreeMap::from([(None::<u8>, 1)])).is_err());
        assert!(encode(&BTreeMap::from([([1], 1)])).is_err());
    }

    #[test]
    fn integers_take_as_few_bytes_as_they_can() {
        let length = |value: i64| encode(&value).unwrap().len();
        assert_eq!([0, 127, -32].map(length), [1; 3]);
        assert_eq!([128, 255, -33, -128].map(length), [2; 4]);
        assert_eq!([256, 65_535, -129].map(length), [3; 3]);
        assert_eq!([65_536, 4_294_967_295, -32_769].map(length), [5; 3]);
        assert_eq!([4_294_967_296, i64::MIN].map(length), [9; 2]);
    }

    #[test]
    fn numbers_beyond_64_bits_travel_as_decimal_text() {
        assert_eq!(encode(&u128::MAX).unwrap(), b"\xc7\x27\x01340282366920938463463374607431768211455");
        let read = |value: i128| decode(&encode(&value).unwrap(), DocumentLimits::NONE).unwrap();
        assert_eq!(read(-9_223_372_036_854_775_809), json!("-9223372036854775809"));
    }

    #[test]
    fn encoded_pieces_are_taken_as_they_are() {
        let data = encode(&[1, 2]).unwrap();
        let members = [
            ("status", Piece::Number(-200)),
            ("reason", Piece::Text("OK")),
            ("data", Piece::Encoded(&data)),
            ("total", Piece::Value(&3)),
        ];
        let object: Value = json!({"status": -200, "reason": "OK", "data": [1, 2], "total": 3});
        let encoded = encode_object(&members).unwrap();
        assert_eq!(encoded, encode(&object).unwrap());
        let array = encode_array(&[encoded, encode(&"b").unwrap()]);
        assert_eq!(array, encode(&json!([object, "b"])).unwrap());
        assert_eq!(encode_object(&[]).unwrap(), b"\x80");
        assert_eq!(encode_array(&[]), b"\x90");
    }
}
