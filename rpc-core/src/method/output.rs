//! What a handler may return.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use crate::Reply;

/// The return type of a method: `Result<T, E>`, where `T` is an [`Answer`] and `E` a [`MethodError`](crate::MethodError).
#[diagnostic::on_unimplemented(
    message = "an API method cannot return `{Self}`",
    label = "not the result of an API method",
    note = "return `Result<T, ApiError>` or `Result<Reply<T>, ApiError>`, where `T` derives `serde::Serialize` and `schemars::JsonSchema`",
    note = "a value that may be missing is `Result<Option<T>, ApiError>`; a method that cannot fail returns `Ok(…)` all the same"
)]
pub trait MethodOutput {
    /// What the method answers.
    type Answer;
    /// How it fails.
    type Error;

    /// The answer, or the error.
    ///
    /// # Errors
    ///
    /// The method's own.
    fn into_result(self) -> Result<Self::Answer, Self::Error>;
}

impl<T, E> MethodOutput for Result<T, E> {
    type Answer = T;
    type Error = E;

    fn into_result(self) -> Self {
        self
    }
}

/// The success half of a method's result: plain data, or a [`Reply`] around it.
#[diagnostic::on_unimplemented(
    message = "an API method cannot answer with `{Self}`",
    label = "not an answer",
    note = "derive `serde::Serialize` and `schemars::JsonSchema` for `{Self}`"
)]
pub trait Answer {
    /// The type of `data` in the answer.
    type Data: Serialize + JsonSchema + Send;

    /// The JSON Schema of `data`.
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self::Data>()
    }

    /// Wraps plain data into the usual reply: 200, "OK".
    fn into_reply(self) -> Reply<Self::Data>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + Send> Answer for T {
    type Data = T;

    fn into_reply(self) -> Reply<T> {
        Reply::new(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + Send> Answer for Reply<T> {
    type Data = T;

    fn into_reply(self) -> Self {
        self
    }
}
