//! By-value arguments: what the caller provides.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use crate::ApiError;
use crate::borrowed::BorrowedValue;
use crate::schema::convert;

/// A type that can be a positional parameter: `serde::Deserialize` and `schemars::JsonSchema`, owned.
///
/// It is implemented for all of them; there is nothing to implement by hand. For types of other crates `schemars` has features,
/// such as `uuid1` for `uuid::Uuid` and `chrono04` for `chrono::NaiveDate`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of an API method",
    label = "not a parameter type",
    note = "a parameter taken by value comes from the caller: derive `serde::Deserialize` and `schemars::JsonSchema` for it",
    note = "a type of another crate implements them behind features: its own `serde`, and the one that `schemars` names after it, such as `uuid1` or `chrono04`",
    note = "a value that the application provides is taken by reference: `&{Self}`"
)]
pub trait Param: Sized + Send + 'static {
    /// The JSON Schema of the values that the type accepts.
    fn schema(generator: &mut SchemaGenerator) -> Schema;

    /// Converts a value that the schema accepted.
    ///
    /// # Errors
    ///
    /// The value does not convert; the error names the place and the reason.
    fn convert(value: BorrowedValue<'_>) -> Result<Self, convert::ConvertError>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send + 'static> Param for T {
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        crate::schema::input::<T>(generator)
    }

    fn convert(value: BorrowedValue<'_>) -> Result<Self, convert::ConvertError> {
        convert::from_borrowed(value)
    }
}

/// The validated positional values of one call, taken one after the other.
#[derive(Debug)]
pub struct Arguments<'p> {
    values: std::vec::IntoIter<BorrowedValue<'p>>,
    position: usize,
}

impl<'p> Arguments<'p> {
    pub(crate) fn new(values: Vec<BorrowedValue<'p>>) -> Self {
        Self { values: values.into_iter(), position: 0 }
    }

    /// Takes the next argument; an absent one is `null`.
    ///
    /// # Errors
    ///
    /// The value was accepted by the schema and is refused by the type: an invalid-parameters error with its pointer.
    pub fn next<T: Param>(&mut self, name: &'static str) -> Result<T, ApiError> {
        let position = self.position;
        self.position += 1;
        T::convert(self.values.next().unwrap_or(BorrowedValue::Null))
            .map_err(|error| error.into_api_error(name, position))
    }
}
