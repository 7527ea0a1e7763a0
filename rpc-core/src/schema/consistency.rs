//! What the schema accepts, serde accepts, and the reverse; by property test over the shapes that parameters take.
//!
//! Two decisions stand beside it: a whole number written with a fraction or exponent (`1.0`) is an integer for JSON Schema
//! and none here, and integers beyond the range of a 64-bit type are numbers for the schema alone. And where serde reads a value
//! twice (internally tagged and untagged enums, `flatten`), its own code takes arrays for objects; the schema, which comes first,
//! does not. Nor does it take a content of `null` for the variant of a closed adjacently tagged enum that has no content.
//!
//! An `alias` is for programs that read old files: the schema knows the one name that documents show, so a caller who writes the
//! alias lacks a member.
//!
//! Of the keys of a map schemars says whether they are whole numbers, and which texts those of an enum are. It says nothing of
//! their range, and nothing at all of `bool`, `char`, floats and variants with descriptions: serde refuses these, by their name.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::instance::BorrowedValues;
use super::{accepts_null, convert, input, input_generator};
use crate::borrowed::BorrowedValue;

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its shape matters")]
struct Open {
    a: u8,
    b: Option<String>,
    #[serde(default)]
    c: Vec<i64>,
    d: Option<Box<Open>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape matters")]
struct Closed {
    a: bool,
    b: Option<Plain>,
}

#[derive(Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Plain {
    A,
    B,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its shape matters")]
enum External {
    #[serde(rename = "a")]
    Unit,
    #[serde(rename = "b")]
    Newtype(u16),
    #[serde(rename = "c")]
    Tuple(bool, String),
    #[serde(rename = "d")]
    Struct { a: u32 },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape matters")]
enum Internal {
    A { a: u8 },
    B { b: Option<bool> },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "a", rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape matters")]
enum Adjacent {
    A(u8),
    B(String),
}

/// Described variants, of which schemars makes a choice between constants.
#[derive(Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Described {
    /// One.
    A,
    /// Two.
    B,
}

#[derive(Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
struct Newtype(i32);

#[derive(Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
struct Text(String);

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "UPPERCASE", deny_unknown_fields)]
struct Defaults {
    a: u8,
    #[serde(rename = "b")]
    renamed: String,
    #[serde(skip)]
    c: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its shape matters")]
struct Inner {
    b: Option<bool>,
    c: Vec<u8>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its shape matters")]
struct Flat {
    a: u8,
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its shape matters")]
struct FlatOption {
    a: Option<u8>,
    #[serde(flatten)]
    rest: HashMap<String, u16>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its shape matters")]
enum Untagged {
    Number(u8),
    Text(String),
    Struct { a: u16 },
    List(Vec<bool>),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[expect(dead_code, reason = "only its shape matters")]
enum InternalNewtype {
    A(Inner),
    B,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "a", rename_all = "lowercase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape matters")]
enum AdjacentStruct {
    A { b: u8 },
    B(Vec<u8>),
    C,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape matters")]
enum ExternalClosed {
    A {
        #[serde(default)]
        b: u8,
    },
    B(Option<Box<ExternalClosed>>),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its shape matters")]
struct Aliased {
    #[serde(alias = "b")]
    a: u8,
}

/// The types of which serde reads a value twice.
const BUFFERED: [&str; 6] = ["Internal", "InternalNewtype", "AdjacentStruct", "Untagged", "Flat", "FlatOption"];

fn holds_array(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(members) => members.values().any(holds_array),
        _ => false,
    }
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-300_i64..70_000).prop_map(Value::from),
        any::<f64>().prop_map(|number| serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number)),
        (-3_i32..300).prop_map(|number| json!(f64::from(number))),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "c", "d", "kind", "A"]).prop_map(str::to_owned),
        1 => "[a-z0-9é]{0,3}",
        1 => prop::sample::select(vec!["true", "false", "0", "7", "-7", "07", "-0", "255", "256", "1.5"]).prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::Bool), number(), text().prop_map(Value::String),];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((text(), inner), 0..4).prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

/// An object, such as becomes a map.
fn map() -> impl Strategy<Value = Value> {
    let value = prop_oneof![4 => (0_u8..9).prop_map(Value::from), 1 => value()];
    prop::collection::vec((text(), value), 0..3).prop_map(|members| Value::Object(Map::from_iter(members)))
}

/// A value that some type takes, with a member more or another one.
fn shaped() -> impl Strategy<Value = Value> {
    let shapes = vec![
        json!({"a": 1, "b": true, "c": [1]}),
        json!({"kind": "a", "b": null, "c": [2]}),
        json!({"kind": "a", "a": {"b": 1}}),
        json!({"a": [1], "kind": "b"}),
        json!({"kind": "c"}),
        json!({"a": {"b": 3}}),
        json!({"b": {"a": {}}}),
        json!({"A": 1, "b": "x"}),
        json!({"a": 7, "d": 300}),
    ];
    (prop::sample::select(shapes), prop::option::of((text(), value()))).prop_map(|(mut shape, change)| {
        if let (Value::Object(members), Some((name, value))) = (&mut shape, change) {
            members.insert(name, value);
        }
        shape
    })
}

/// Whether the two decisions speak about the value: it holds a number with a fraction, or one beyond 64 bits, or one beyond
/// what `i64` holds.
fn holds_borderline_number(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_i64().is_none(),
        Value::Array(items) => items.iter().any(holds_borderline_number),
        Value::Object(members) => members.values().any(holds_borderline_number),
        _ => false,
    }
}

fn agree<T: DeserializeOwned + JsonSchema>(value: &Value) -> Result<(), TestCaseError> {
    agree_but_for::<T>(value, &[])
}

/// For maps with keys of which schemars says less than serde takes; what is refused then is a key, by one of the keywords.
fn agree_but_for<T: DeserializeOwned + JsonSchema>(value: &Value, keys: &[&str]) -> Result<(), TestCaseError> {
    let mut generator = input_generator();
    let schema = input::<T>(&mut generator);
    let definitions = generator.take_definitions(true);
    let whole = super::with_definitions(Map::from_iter([("allOf".to_owned(), json!([schema]))]), &definitions);
    let accepted = super::compile(&whole).map_err(TestCaseError::fail)?.is_valid(value);
    let borrowed = BorrowedValue::from(value.clone());
    let seen = super::compile_for::<BorrowedValues>(&whole).map_err(TestCaseError::fail)?.is_valid(&borrowed);
    prop_assert_eq!(seen, accepted, "borrowed, {}", value);
    let converted = convert::from_value::<T>(value.clone());
    let name = std::any::type_name::<T>();
    let is_buffered = BUFFERED.contains(&name.rsplit("::").next().unwrap_or_default());
    let is_adjacent = name.ends_with("::AdjacentStruct");
    let has_empty_content =
        is_adjacent && value.get("kind") == Some(&json!("c")) && value.get("a") == Some(&Value::Null);
    let by_serdes_leave = !accepted && (has_empty_content || (is_buffered && holds_array(value)));
    let is_unspoken_key = accepted && converted.as_ref().is_err_and(|error| keys.contains(&error.keyword()));
    if accepted != converted.is_ok() && !by_serdes_leave && !is_unspoken_key {
        prop_assert!(accepted && holds_borderline_number(value), "{name}: {value} {accepted} {:?}", converted.err());
    }
    if value.is_null() {
        prop_assert_eq!(accepts_null(&schema, &definitions), Ok(accepted), "{}", name);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn schema_and_serde_agree(value in prop_oneof![value(), shaped()]) {
        agree::<bool>(&value)?;
        agree::<u8>(&value)?;
        agree::<i32>(&value)?;
        agree::<Vec<u32>>(&value)?;
        agree::<i64>(&value)?;
        agree::<u64>(&value)?;
        agree::<f64>(&value)?;
        agree::<String>(&value)?;
        agree::<char>(&value)?;
        agree::<()>(&value)?;
        agree::<Value>(&value)?;
        agree::<Option<String>>(&value)?;
        agree::<Vec<u16>>(&value)?;
        agree::<[bool; 2]>(&value)?;
        agree::<(String, Option<u8>)>(&value)?;
        agree::<HashMap<String, bool>>(&value)?;
        agree_but_for::<BTreeMap<u8, bool>>(&value, &["propertyNames"])?;
        agree::<Newtype>(&value)?;
        agree::<Open>(&value)?;
        agree::<Option<Closed>>(&value)?;
        agree::<Plain>(&value)?;
        agree::<External>(&value)?;
        agree::<Internal>(&value)?;
        agree::<Adjacent>(&value)?;
        agree::<Described>(&value)?;
        agree::<Defaults>(&value)?;
        agree::<Inner>(&value)?;
        agree::<Flat>(&value)?;
        agree::<FlatOption>(&value)?;
        agree::<Untagged>(&value)?;
        agree::<InternalNewtype>(&value)?;
        agree::<AdjacentStruct>(&value)?;
        agree::<ExternalClosed>(&value)?;
    }

    #[test]
    fn schema_and_serde_agree_on_the_keys_of_maps(value in map()) {
        agree::<HashMap<Text, u8>>(&value)?;
        agree::<HashMap<Plain, u8>>(&value)?;
        agree_but_for::<HashMap<u8, u8>>(&value, &["propertyNames"])?;
        agree_but_for::<HashMap<i64, u8>>(&value, &["propertyNames"])?;
        agree_but_for::<HashMap<u128, u8>>(&value, &["propertyNames"])?;
        agree_but_for::<HashMap<Newtype, u8>>(&value, &["propertyNames"])?;
        agree_but_for::<HashMap<std::num::NonZero<u8>, u8>>(&value, &["propertyNames", "type"])?;
        agree_but_for::<HashMap<bool, u8>>(&value, &["propertyNames"])?;
        agree_but_for::<HashMap<char, u8>>(&value, &["propertyNames"])?;
        agree_but_for::<HashMap<Described, u8>>(&value, &["enum"])?;
    }
}

#[test]
fn an_alias_is_not_in_the_schema() {
    let mut generator = input_generator();
    let schema = input::<Aliased>(&mut generator);
    let definitions = generator.take_definitions(true);
    let whole = super::with_definitions(Map::from_iter([("allOf".to_owned(), json!([schema]))]), &definitions);
    let validator = super::compile(&whole).unwrap();
    assert!(validator.is_valid(&json!({"a": 1})));
    assert!(!validator.is_valid(&json!({"b": 1})), "serde takes it, and the documents do not show it");
    assert!(convert::from_value::<Aliased>(json!({"a": 1, "b": 1})).is_err());
}
