//! What `#[api_method]` and `api_module!` leave in the binary: constants that are collected at start.

use std::pin::Pin;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::arguments::{Arguments, Param};
use super::errors::{DeclaredError, DeclaredErrors, MethodError};
use super::output::Answer;
use crate::limits::MethodLimits;
use crate::location::SourceLocation;
use crate::reply::{Encoded, FileContent};
use crate::schema::convert::ConvertError;
use crate::schema::rules::Rules;
use crate::state::{State, WantedState};
use crate::{ApiError, Ctx};

/// The future of one call of a handler.
pub type HandlerFuture<'c> = Pin<Box<dyn Future<Output = Result<Encoded, ApiError>> + Send + 'c>>;

/// Converts the arguments and makes the future of the call; an `Err` is a refused parameter.
pub type Handler = for<'c> fn(&'c Ctx, Arguments<'_>) -> Result<HandlerFuture<'c>, ApiError>;

/// Describes a method's types, when the `Api` is built.
pub type Describe = fn(&mut Signature<'_>);

/// A method as the attribute declares it. Constant: it holds names and function pointers only.
#[derive(Debug, Clone, Copy)]
pub struct MethodEntry {
    pub(crate) path: &'static str,
    pub(crate) location: SourceLocation,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) permissions: &'static [&'static str],
    pub(crate) limits: MethodLimits,
    pub(crate) deprecated: bool,
    pub(crate) private: bool,
    pub(crate) log: bool,
    pub(crate) session_only: bool,
    pub(crate) ignores_token: bool,
    pub(crate) effect: Effect,
    pub(crate) client_event: Option<&'static str>,
    pub(crate) describe: Describe,
    pub(crate) handler: Handler,
}

inventory::collect!(MethodEntry);

impl MethodEntry {
    /// A public, logged method without limits of its own and, until [`permissions`](Self::permissions) says who may, called by nobody.
    #[must_use]
    pub const fn new(path: &'static str, location: SourceLocation, describe: Describe, handler: Handler) -> Self {
        Self {
            path,
            location,
            title: "",
            description: "",
            permissions: &[],
            limits: MethodLimits {
                concurrency: None,
                concurrency_per_user: None,
                rate: None,
                timeout: None,
                max_body: None,
                upload: None,
            },
            deprecated: false,
            private: false,
            log: true,
            session_only: false,
            ignores_token: false,
            effect: Effect { read_only: false, idempotent: false, destructive: false },
            client_event: None,
            describe,
            handler,
        }
    }

    /// Title (one line) and description (Markdown, may be empty).
    #[must_use]
    pub const fn text(mut self, title: &'static str, description: &'static str) -> Self {
        self.title = title;
        self.description = description;
        self
    }

    /// Who may call: `*`, `guest`, `user`, `root` or declared names; one of them is enough.
    #[must_use]
    pub const fn permissions(mut self, permissions: &'static [&'static str]) -> Self {
        self.permissions = permissions;
        self
    }

    /// The method's own limits.
    #[must_use]
    pub const fn limits(mut self, limits: MethodLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Marks the method as deprecated in the documents.
    #[must_use]
    pub const fn deprecated(mut self) -> Self {
        self.deprecated = true;
        self
    }

    /// Only calls from inside the process reach the method.
    #[must_use]
    pub const fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// Observers that keep a log leave the method out.
    #[must_use]
    pub const fn unlogged(mut self) -> Self {
        self.log = false;
        self
    }

    /// Ignores a presented token, so that an expired one keeps nobody out: the caller is a guest until the handler asks with
    /// [`Ctx::authenticate`](crate::Ctx::authenticate).
    #[must_use]
    pub const fn ignores_token(mut self) -> Self {
        self.ignores_token = true;
        self
    }

    /// Clients reach the method with an event of this name too; nobody waits for its answer.
    #[must_use]
    pub const fn client_event(mut self, name: &'static str) -> Self {
        self.client_event = Some(name);
        self
    }

    /// It changes nothing, so that it may be called at any time and again.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.effect.read_only = true;
        self.effect.idempotent = true;
        self
    }

    /// It may be called again with the same parameters: the second call changes nothing more.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.effect.idempotent = true;
        self
    }

    /// It takes something away that no other call brings back.
    #[must_use]
    pub const fn destructive(mut self) -> Self {
        self.effect.destructive = true;
        self
    }

    /// Callers need a session; an API token is answered with 403.
    #[must_use]
    pub const fn session_only(mut self) -> Self {
        self.session_only = true;
        self
    }
}

/// What a call does to the world.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effect {
    pub(crate) read_only: bool,
    pub(crate) idempotent: bool,
    pub(crate) destructive: bool,
}

/// A module as `api_module!` declares it: the methods below one path, with a title for the documents.
#[derive(Debug, Clone, Copy)]
pub struct ModuleEntry {
    pub(crate) path: &'static str,
    pub(crate) location: SourceLocation,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
}

inventory::collect!(ModuleEntry);

impl ModuleEntry {
    /// A module below `path`, such as `/v1/admin/users`.
    #[must_use]
    pub const fn new(
        path: &'static str,
        location: SourceLocation,
        title: &'static str,
        description: &'static str,
    ) -> Self {
        Self { path, location, title, description }
    }
}

/// How a parameter is shown in the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ParamStyle {
    /// The schema of its type; `null` is left out for an optional one.
    #[default]
    Plain,
    /// `anyOf` of `null` and the type: `null` has a meaning worth showing.
    Nullable,
    /// `type: object`, without detail.
    Opaque,
}

/// What a method takes and answers, collected by [`Describe`].
#[derive(Debug)]
pub struct Signature<'g> {
    pub(crate) inputs: &'g mut SchemaGenerator,
    pub(crate) outputs: &'g mut SchemaGenerator,
    pub(crate) params: Vec<ParamEntry>,
    pub(crate) result: Option<Schema>,
    pub(crate) errors: Vec<DeclaredError>,
    pub(crate) states: Vec<WantedState>,
    pub(crate) upload: UploadUse,
    /// Whether it takes its files by more than one argument.
    pub(crate) repeats_upload: bool,
    /// Whether it takes the head of its request.
    pub(crate) head: bool,
    /// Whether its answer is a file.
    pub(crate) file: bool,
}

/// A parameter with its schema.
#[derive(Debug, Clone)]
pub(crate) struct ParamEntry {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) style: ParamStyle,
    pub(crate) schema: Schema,
    pub(crate) rules: Rules,
    /// Whether the type takes a value.
    converts: fn(Value) -> Result<(), ConvertError>,
}

impl ParamEntry {
    /// Puts the rules into the schema. Gives back what is wrong with them.
    pub(crate) fn apply_rules(&mut self, definitions: &Map<String, Value>) -> Vec<String> {
        if self.rules.is_empty() {
            return Vec::new();
        }
        let mut faults = self.rules.apply(&mut self.schema, definitions);
        if let (true, Some(default)) = (faults.is_empty(), &self.rules.default) {
            let refused = (self.converts)(default.clone()).err();
            faults.extend(refused.map(|error| format!("its default {default} {error}")));
        }
        faults
    }
}

/// A parameter that was added to a [`Signature`], to say more of it.
#[derive(Debug)]
pub struct AddedParam<'s>(&'s mut ParamEntry);

impl AddedParam<'_> {
    /// A keyword of JSON Schema that its values meet, such as `minimum`.
    pub fn constraint(self, keyword: &'static str, value: Value) -> Self {
        self.0.rules.constraints.push((keyword, value));
        self
    }

    /// What an absent value, or `null`, means.
    pub fn default_value(self, value: Value) -> Self {
        self.0.rules.default = Some(value);
        self
    }

    /// Values for the documents: an array.
    pub fn examples(self, values: Value) -> Self {
        match values {
            Value::Array(values) => self.0.rules.examples.extend(values),
            one => self.0.rules.examples.push(one),
        }
        self
    }
}

/// Whether a method takes an uploaded file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UploadUse {
    /// It takes none.
    #[default]
    None,
    /// It runs with and without a file.
    Optional,
    /// It does not run without one.
    Required,
    /// It takes any number of them, by the names of their fields.
    Several,
}

impl Signature<'_> {
    /// Adds the next positional parameter.
    pub fn param<T: Param>(
        &mut self,
        name: &'static str,
        description: &'static str,
        style: ParamStyle,
    ) -> AddedParam<'_> {
        let schema = T::schema(self.inputs);
        let converts = |value: Value| T::convert(value.into()).map(drop);
        AddedParam(self.params.push_mut(ParamEntry {
            name,
            description,
            style,
            schema,
            rules: Rules::default(),
            converts,
        }))
    }

    /// Sets the types of the answer and of the error.
    pub fn output<T: Answer, E: MethodError>(&mut self) {
        self.result = Some(T::schema(self.outputs));
        self.file = T::Data::schema_id() == FileContent::schema_id();
        let mut errors = DeclaredErrors { generator: self.outputs, list: Vec::new() };
        E::declare(&mut errors);
        self.errors = errors.list;
    }

    /// Notes that the method needs the state `S`.
    pub(crate) fn state<S: State + ?Sized>(&mut self) {
        let wanted = WantedState::new::<S>();
        if !self.states.iter().any(|known| known.is(&wanted)) {
            self.states.push(wanted);
        }
    }

    /// Notes that the method takes the head of its request.
    pub(crate) fn head(&mut self) {
        self.head = true;
    }

    /// Notes that the method takes an upload.
    pub(crate) fn upload(&mut self, used: UploadUse) {
        self.repeats_upload |= self.upload != UploadUse::None;
        self.upload = used;
    }
}
