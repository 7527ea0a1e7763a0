//! What a handler may return.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use crate::{ApiError, Reply};

/// The return type of a method: `Result<T, E>` or `Result<Reply<T>, E>`, where `T` serialises and `E` becomes an [`ApiError`].
#[diagnostic::on_unimplemented(
    message = "an API method cannot return `{Self}`",
    label = "not the result of an API method",
    note = "return `Result<T, ApiError>` or `Result<Reply<T>, ApiError>`, where `T` derives `serde::Serialize` and `schemars::JsonSchema`"
)]
pub trait MethodOutput: Send {
    /// The type of `data` in the answer.
    type Data: Serialize + JsonSchema + Send;

    /// The JSON Schema of `data`.
    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self::Data>()
    }

    /// The reply, or the error.
    ///
    /// # Errors
    ///
    /// The method's own.
    fn into_reply(self) -> Result<Reply<Self::Data>, ApiError>;
}

#[diagnostic::do_not_recommend]
impl<T: Answer + Send, E: Into<ApiError> + Send> MethodOutput for Result<T, E> {
    type Data = T::Data;

    fn into_reply(self) -> Result<Reply<T::Data>, ApiError> {
        self.map(Answer::into_reply).map_err(Into::into)
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
