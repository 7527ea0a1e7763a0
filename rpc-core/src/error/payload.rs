//! What an error of a method carries for programs: its kind and the fields of its variant, or the data of a reply.

use std::borrow::Cow;
use std::error::Error;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value};

use super::ApiError;

/// What an error carries beside its code and its reason.
pub(crate) enum Payload {
    /// The kind of an error, and its details by name.
    Own { kind: &'static str, fields: Fields },
    /// What a reply said whose status is that of an error; its data is in the bytes of the call's codec.
    Reply { data: Vec<u8>, extra: Map<String, Value> },
}

/// The details of an error, by name. For the expansion of `#[derive(ApiError)]`.
#[derive(Default)]
pub struct Fields(pub(crate) Vec<(Cow<'static, str>, Content)>);

/// The value of one detail.
pub(crate) enum Content {
    /// As the method gave it: it is encoded in the codec of the call, once that is known.
    Typed(Box<dyn erased_serde::Serialize + Send + Sync>),
    /// In the bytes of the call's codec.
    Encoded(Vec<u8>),
}

impl Fields {
    /// No details.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a detail.
    #[must_use]
    pub fn field<T: ErrorField>(mut self, name: &'static str, value: T) -> Self {
        self.0.push((Cow::Borrowed(name), Content::Typed(value.boxed())));
        self
    }
}

/// The type of a detail of an error: it serialises, has a schema, and goes with the error wherever that goes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a detail of an error",
    label = "callers cannot be shown this",
    note = "derive `serde::Serialize` and `schemars::JsonSchema` for `{Self}`; it is `Send`, `Sync` and owns what it holds",
    note = "or write `#[source]` before the field, if only the log may see it"
)]
pub trait ErrorField {
    /// The value, to be encoded later.
    fn boxed(self) -> Box<dyn erased_serde::Serialize + Send + Sync>;

    /// The JSON Schema of its type.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + Send + Sync + 'static> ErrorField for T {
    fn boxed(self) -> Box<dyn erased_serde::Serialize + Send + Sync> {
        Box::new(self)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

/// The type of an error's source, which only the log sees.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the source of an error",
    label = "the log cannot tell this",
    note = "a source implements `std::error::Error`, `Send` and `Sync`, and owns what it holds; a text is one too"
)]
pub trait ErrorSource {
    /// The error.
    fn into_source(self) -> Box<dyn Error + Send + Sync>;
}

#[diagnostic::do_not_recommend]
impl<T: Into<Box<dyn Error + Send + Sync>>> ErrorSource for T {
    fn into_source(self) -> Box<dyn Error + Send + Sync> {
        self.into()
    }
}

impl FromIterator<(String, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(members: I) -> Self {
        let content = |(name, value): (String, Value)| (Cow::Owned(name), Content::Typed(Box::new(value)));
        Self(members.into_iter().map(content).collect())
    }
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Gives an error its kind and its details. Called by the expansion of `#[derive(ApiError)]`.
#[must_use]
pub fn with_fields(error: ApiError, kind: &'static str, fields: Fields) -> ApiError {
    error.with_payload(Payload::Own { kind, fields })
}
