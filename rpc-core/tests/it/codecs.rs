//! JSON and MessagePack: what they have in common, what they take, and what they cost an attacker.

mod http;
mod memory;

use std::fmt;

use proptest::collection::{hash_map, vec};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use rpc_core::__private::fuzz;
use rpc_core::Codec;
use rpc_core::DocumentLimits;
use serde_json::{Value, json};

/// Deep enough for all but the tests of depth, and of any number of values.
const LIMITS: DocumentLimits = DocumentLimits { depth: 128, values: usize::MAX };

fn decode(bytes: &[u8]) -> Value {
    Codec::MsgPack.decode(bytes, LIMITS).unwrap()
}

fn encode(value: &Value) -> Vec<u8> {
    Codec::MsgPack.encode(value).unwrap()
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-300_i64..70_000).prop_map(Value::from),
        prop::num::f64::NORMAL
            .prop_filter("whole numbers are integers in MessagePack", |number| number.fract() != 0.0)
            .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 256, 40, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..40).prop_map(Value::from),
            hash_map(any::<String>(), inner, 0..20).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Bytes that look like MessagePack more often than chance has it.
fn likely_messages() -> impl Strategy<Value = Vec<u8>> {
    let marker = prop_oneof![
        3 => (0x80_u8..0x94).prop_map(|byte| vec![byte]),
        3 => (0xa0_u8..0xa4).prop_map(|byte| vec![byte, b'a', b'b', b'c']),
        3 => (0xc0_u8..=0xe0).prop_map(|byte| vec![byte]),
        2 => (0xc0_u8..=0xdf, 0_u8..5).prop_map(|(byte, length)| vec![byte, length]),
        2 => (0xc0_u8..=0xdf, 0_u8..5).prop_map(|(byte, length)| vec![byte, 0, length]),
        2 => (0xc0_u8..=0xdf, 0_u8..5).prop_map(|(byte, length)| vec![byte, 0, 0, 0, length]),
        2 => prop_oneof![Just(vec![0xd4, 0, 0]), Just(vec![0xd4, 1, b'7']), any::<[u8; 4]>().prop_map(|seconds| {
            [&[0xd6, 0xff][..], &seconds].concat()
        })],
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    vec(marker, 0..40).prop_map(|parts| parts.concat())
}

/// What a value looks like after JSON, in which numbers are decimal text.
fn through_json(value: &Value) -> Value {
    Codec::Json.decode(&Codec::Json.encode(value).unwrap(), LIMITS).unwrap()
}

/// Equal but for the last digit of floats: serde_json reads them to within one unit in the last place.
fn assert_alike(left: &Value, right: &Value) {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) if left.is_f64() && right.is_f64() => {
            let (left, right) = (left.as_f64().unwrap(), right.as_f64().unwrap());
            assert!((left - right).abs() <= left.abs() * f64::EPSILON, "{left} {right}");
        }
        (Value::Array(left), Value::Array(right)) => {
            assert_eq!(left.len(), right.len());
            left.iter().zip(right).for_each(|(left, right)| assert_alike(left, right));
        }
        (Value::Object(left), Value::Object(right)) => {
            assert!(left.keys().eq(right.keys()), "members and their order");
            left.values().zip(right.values()).for_each(|(left, right)| assert_alike(left, right));
        }
        _ => assert_eq!(left, right),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_break_a_parser(bytes in any::<Vec<u8>>()) {
        fuzz::decode_json(&bytes);
        fuzz::decode_msgpack(&bytes);
        fuzz::read_json_request(&bytes);
        fuzz::read_msgpack_request(&bytes);
        fuzz::read_authorization(&bytes);
        fuzz::read_query(&bytes);
        fuzz::normalize_path(&bytes);
        fuzz::client_address(&bytes);
    }

    #[test]
    fn no_text_breaks_a_parser(text in "[a-z0-9%/=&.,:; +_\"\\[\\]{}-]{0,40}") {
        fuzz::decode_json(text.as_bytes());
        fuzz::read_json_request(text.as_bytes());
        for scheme in ["", "Bearer ", "Basic "] {
            fuzz::read_authorization(format!("{scheme}{text}").as_bytes());
        }
        for prefix in ["", "for=", "1.1.1.1, "] {
            fuzz::client_address(format!("{prefix}{text}").as_bytes());
        }
        fuzz::read_query(text.as_bytes());
        fuzz::normalize_path(format!("/{text}").as_bytes());
    }

    #[test]
    fn no_likely_message_breaks_the_decoder(bytes in likely_messages()) {
        fuzz::decode_msgpack(&bytes);
        fuzz::read_msgpack_request(&bytes);
    }

    #[test]
    fn values_survive_messagepack(value in values()) {
        prop_assert_eq!(decode(&encode(&value)), value);
    }

    #[test]
    fn json_and_messagepack_of_a_value_decode_alike(value in values()) {
        assert_alike(&decode(&encode(&value)), &through_json(&value));
    }

    #[test]
    fn a_message_that_is_cut_is_refused(value in values(), cut in any::<prop::sample::Index>()) {
        let bytes = encode(&value);
        let cut = cut.index(bytes.len());
        prop_assert_eq!(Codec::MsgPack.decode(&bytes[..cut], LIMITS).is_err(), true);
    }
}

#[test]
fn both_codecs_have_the_same_depth() {
    for (levels, expected) in [(1, true), (127, true), (128, true), (129, false), (200, false)] {
        for wrap in [|value: Value| json!([value]), |value: Value| json!({"a": value})] {
            let value = (0..levels).fold(json!(null), |value, _| wrap(value));
            for codec in [Codec::Json, Codec::MsgPack] {
                let bytes = codec.encode(&value).unwrap();
                assert_eq!(codec.decode(&bytes, LIMITS).is_ok(), expected, "{codec:?} {levels}");
            }
        }
    }
}

#[test]
fn a_content_type_names_a_codec() {
    for (content_type, expected) in [
        (None, Some(Codec::Json)),
        (Some("application/json"), Some(Codec::Json)),
        (Some("Application/JSON; charset=utf-8"), Some(Codec::Json)),
        (Some("application/msgpack"), Some(Codec::MsgPack)),
        (Some("APPLICATION/MsgPack ;x=y"), Some(Codec::MsgPack)),
        (Some("application/x-msgpack"), None),
        (Some("text/plain"), None),
        (Some(""), None),
    ] {
        assert_eq!(Codec::of_content_type(content_type), expected, "{content_type:?}");
    }
}

#[test]
fn a_date_is_a_string_in_both() {
    struct Shown;
    impl fmt::Display for Shown {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("2023-11-14T22:13:20.987Z")
        }
    }
    impl serde::Serialize for Shown {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }
    let expected = json!("2023-11-14T22:13:20.987Z");
    assert_eq!(decode(&Codec::MsgPack.encode(&Shown).unwrap()), expected);
    let timestamp = ((987_654_321_u64 << 34) | 1_700_000_000).to_be_bytes();
    assert_eq!(decode(&[&b"\xd7\xff"[..], &timestamp].concat()), expected);
}
