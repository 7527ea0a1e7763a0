//! What a field of a list may be, and its conditions on the way from JSON to Rust.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::schema::convert::{self, ConvertError};

/// How a condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operator {
    /// `=`
    Eq,
    /// `like`: the text anywhere, ignoring case.
    Like,
}

impl Operator {
    /// The operator as it is sent.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Like => "like",
        }
    }
}

/// A condition that a caller sets on a field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition<T> {
    /// The field equals the value.
    Eq(T),
    /// The field holds the text, ignoring case. `%`, `_` and `\` are ordinary characters.
    Like(String),
}

/// A field without conditions, by which a list can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sortable;

/// The `Sort` of a list without sortable fields. There is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoSort {}

/// The `Id` of a list without the field `id`. There is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum NoId {}

/// The type of one field in a struct that derives `ReadFields`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no field of a list",
    label = "not the type of a list's field",
    note = "a field is `Option<Condition<T>>`, `Condition<T>` where a condition must be given, or `Sortable`",
    note = "what a condition compares with, `T`, derives `serde::Deserialize` and `schemars::JsonSchema`"
)]
pub trait ReadField: Sized {
    /// The type that conditions compare with.
    type Value: DeserializeOwned + JsonSchema + Send + 'static;
    /// Whether `where` must hold a condition on the field.
    const REQUIRED: bool = false;

    /// Takes the condition that the caller gave.
    ///
    /// # Errors
    ///
    /// The field is required and there is none.
    fn from_condition(condition: Option<Condition<Self::Value>>) -> Result<Self, ConvertError>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send + 'static> ReadField for Option<Condition<T>> {
    type Value = T;

    fn from_condition(condition: Option<Condition<T>>) -> Result<Self, ConvertError> {
        Ok(condition)
    }
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send + 'static> ReadField for Condition<T> {
    type Value = T;
    const REQUIRED: bool = true;

    fn from_condition(condition: Option<Condition<T>>) -> Result<Self, ConvertError> {
        condition.ok_or_else(|| serde::de::Error::custom("a required condition is missing"))
    }
}

impl ReadField for Sortable {
    type Value = NoId;

    fn from_condition(_: Option<Condition<NoId>>) -> Result<Self, ConvertError> {
        Ok(Self)
    }
}

/// The type of a field with operators.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the condition of a field",
    label = "not the type of a field with operators",
    note = "a field with operators is `Option<Condition<T>>`, or `Condition<T>` where a condition must be given",
    note = "what a condition compares with, `T`, derives `serde::Deserialize` and `schemars::JsonSchema`"
)]
pub trait Conditional: ReadField {}

#[diagnostic::do_not_recommend]
impl<T> Conditional for Option<Condition<T>> where Self: ReadField {}

#[diagnostic::do_not_recommend]
impl<T> Conditional for Condition<T> where Self: ReadField {}

/// The type of a field without operators.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the type of a field without operators",
    label = "not `Sortable`",
    note = "a field by which rows are only sorted is `Sortable`; one with conditions needs operators: `#[read(\"=\")]`"
)]
pub trait Unconditional: ReadField {}

#[diagnostic::do_not_recommend]
impl Unconditional for Sortable {}

/// The fields of a list, while they are being described.
#[derive(Debug)]
pub struct FieldList<'g> {
    pub(super) generator: &'g mut SchemaGenerator,
    pub(super) fields: Vec<Field>,
}

/// One described field.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) operators: &'static [Operator],
    pub(super) sortable: bool,
    pub(super) required: bool,
    pub(super) schema: Schema,
}

impl FieldList<'_> {
    /// Adds a field.
    pub fn field<T: ReadField>(&mut self, name: &'static str, operators: &'static [Operator], sortable: bool) {
        let schema = if operators.is_empty() { Schema::default() } else { self.generator.subschema_for::<T::Value>() };
        self.fields.push(Field { name, operators, sortable, required: T::REQUIRED, schema });
    }
}

/// The members of `where`, already validated.
#[derive(Debug)]
pub struct Conditions(Map<String, Value>);

impl Conditions {
    pub(super) fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// Takes the condition on a field.
    ///
    /// # Errors
    ///
    /// The value does not convert, or a required condition is missing.
    pub fn take<T: ReadField>(&mut self, name: &str) -> Result<T, ConvertError> {
        let condition = match self.0.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::Array(pair)) if is_pair(&pair) => Some(directed(pair)?),
            Some(bare) => Some(Condition::Eq(convert::from_value(bare)?)),
        };
        T::from_condition(condition).map_err(|error| error.inside(name))
    }
}

/// Whether an array is `[operator, value]`.
fn is_pair(items: &[Value]) -> bool {
    items.len() == 2 && items[0].as_str().is_some_and(|text| text == "=" || text == "like")
}

fn directed<T: DeserializeOwned>(pair: Vec<Value>) -> Result<Condition<T>, ConvertError> {
    let mut items = pair.into_iter();
    let (operator, value) = (items.next(), items.next().unwrap_or(Value::Null));
    if operator.as_ref().and_then(Value::as_str) == Some(Operator::Like.text()) {
        return Ok(Condition::Like(convert::from_value(value)?));
    }
    Ok(Condition::Eq(convert::from_value(value)?))
}
