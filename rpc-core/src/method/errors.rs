//! The errors of a method as types: what becomes of them, and what they say of themselves to the documents.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::error::payload::ErrorField;

/// The error of a method: it becomes an [`ApiError`], and may declare what it can be.
///
/// [`ApiError`](derive@crate::ApiError) derives it. A type with a conversion of its own says so in one line, and then declares nothing unless
/// it wants to:
///
/// ```
/// use rpc_core::{ApiError, MethodError, api_method};
///
/// struct Full;
///
/// impl From<Full> for ApiError {
///     fn from(_: Full) -> Self {
///         Self::new(409, "The club is full")
///     }
/// }
///
/// impl MethodError for Full {}
///
/// /// Join the club
/// #[api_method(path = "/v1/club/join", permissions = ["*"])]
/// async fn join() -> Result<(), Full> {
///     Err(Full)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error of an API method",
    label = "says neither which status nor which reason callers see",
    note = "derive `rpc_core::ApiError` for an error type of your own, and write `#[api_error(status = 409)]` at each variant",
    note = "or write `impl From<{Self}> for ApiError` and `impl MethodError for {Self} {{}}`",
    note = "or return `ApiError`: `ApiError::new(409, \"This name is taken\")`, `ApiError::internal(source)` for a fault that only the log sees"
)]
pub trait MethodError: Into<ApiError> + Send {
    /// Declares the errors that a caller can meet. By default, none.
    fn declare(errors: &mut DeclaredErrors<'_>) {
        let _ = errors;
    }
}

impl MethodError for ApiError {}

#[diagnostic::do_not_recommend]
impl<E: TypedError> MethodError for E {
    fn declare(errors: &mut DeclaredErrors<'_>) {
        E::declare_variants(errors);
    }
}

/// What `#[derive(ApiError)]` implements.
pub trait TypedError: Send + Sized {
    /// The error for callers.
    fn into_api_error(self) -> ApiError;

    /// Declares every variant.
    fn declare_variants(errors: &mut DeclaredErrors<'_>);
}

#[diagnostic::do_not_recommend]
impl<E: TypedError> From<E> for ApiError {
    fn from(error: E) -> Self {
        error.into_api_error()
    }
}

/// The error in a transparent variant of a type that derives [`ApiError`](derive@crate::ApiError): that of a method.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error that callers can be shown",
    label = "says neither which status nor which reason callers see",
    note = "derive `rpc_core::ApiError` for it, or write `impl From<{Self}> for ApiError` and `impl MethodError for {Self} {{}}`",
    note = "or write `#[api_error(internal)]` in place of `#[api_error(transparent)]`, if only the log may see it"
)]
pub trait InnerError {
    /// The error for callers.
    fn into_api_error(self) -> ApiError;

    /// Declares what it can be.
    fn declare(errors: &mut DeclaredErrors<'_>);
}

#[diagnostic::do_not_recommend]
impl<E: MethodError> InnerError for E {
    fn into_api_error(self) -> ApiError {
        self.into()
    }

    fn declare(errors: &mut DeclaredErrors<'_>) {
        <E as MethodError>::declare(errors);
    }
}

/// An error that a method declares.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredError {
    status: u16,
    code: i32,
    kind: &'static str,
    reason: &'static str,
    description: &'static str,
    details: Map<String, Value>,
}

impl DeclaredError {
    /// The HTTP status, 400–599.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The number of the code. Errors of different kinds may have the same: the kind tells them apart.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.code
    }

    /// The name for programs, sent as `kind`: `name_taken`. A method has each once.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The reason, for people. Details in it stand as `{name}`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.reason
    }

    /// What more is to be said: Markdown, may be empty.
    #[must_use]
    pub fn description(&self) -> &'static str {
        self.description
    }

    /// The schemas of the details.
    pub(crate) fn details_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.details.values_mut()
    }

    /// The JSON Schema of the details, with `kind`: an object, which is `data` on plain HTTP; its `$ref`s point into
    /// [`Api::result_definitions`](crate::Api::result_definitions).
    #[must_use]
    pub fn details_schema(&self) -> Value {
        let mut properties = Map::from_iter([("kind".to_owned(), json!({"const": self.kind}))]);
        properties.extend(self.details.clone());
        let required: Vec<String> = properties.keys().cloned().collect();
        json!({"type": "object", "properties": properties, "required": required})
    }
}

/// Collects what a method's errors declare.
#[derive(Debug)]
pub struct DeclaredErrors<'g> {
    pub(crate) generator: &'g mut SchemaGenerator,
    pub(crate) list: Vec<DeclaredError>,
}

impl DeclaredErrors<'_> {
    /// Declares an error: its status and code, its name for programs, its reason, and a description, which may be empty.
    pub fn declare(
        &mut self,
        status: u16,
        code: i32,
        kind: &'static str,
        reason: &'static str,
        description: &'static str,
    ) -> ErrorDeclaration<'_> {
        let error = DeclaredError { status, code, kind, reason, description, details: Map::new() };
        ErrorDeclaration { generator: self.generator, list: &mut self.list, error: Some(error) }
    }
}

/// A declaration, to which details can be added. It is complete when it is dropped.
#[derive(Debug)]
pub struct ErrorDeclaration<'d> {
    generator: &'d mut SchemaGenerator,
    list: &'d mut Vec<DeclaredError>,
    error: Option<DeclaredError>,
}

impl ErrorDeclaration<'_> {
    /// Adds a detail: its name, its type, and its description, which may be empty.
    pub fn field<T: ErrorField>(&mut self, name: &'static str, description: &'static str) -> &mut Self {
        let mut schema = T::schema(self.generator);
        if !description.is_empty() {
            schema.insert("description".to_owned(), description.into());
        }
        if let Some(error) = &mut self.error {
            error.details.insert(name.to_owned(), schema.into());
        }
        self
    }
}

impl Drop for ErrorDeclaration<'_> {
    fn drop(&mut self) {
        self.list.extend(self.error.take());
    }
}
