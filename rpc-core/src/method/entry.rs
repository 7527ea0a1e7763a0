//! What `#[api_method]` and `api_module!` leave in the binary: constants that are collected at start.

use std::any::TypeId;
use std::pin::Pin;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::arguments::{Arguments, Param};
use super::output::MethodOutput;
use crate::limits::MethodLimits;
use crate::location::SourceLocation;
use crate::reply::{Encoded, FileContent};
use crate::state::State;
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
    pub(crate) read_only: bool,
    pub(crate) ignores_token: bool,
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
            read_only: false,
            ignores_token: false,
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

    /// The method changes nothing: HEAD reaches it, and its answers may be kept by caches when they say so.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Callers need a session; an API token is answered with 403.
    #[must_use]
    pub const fn session_only(mut self) -> Self {
        self.session_only = true;
        self
    }
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
    pub(crate) states: Vec<StateKey>,
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
}

/// A state that a method asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StateKey {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
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
    pub fn param<T: Param>(&mut self, name: &'static str, description: &'static str, style: ParamStyle) {
        let schema = T::schema(self.inputs);
        self.params.push(ParamEntry { name, description, style, schema });
    }

    /// Sets the type of the answer.
    pub fn output<R: MethodOutput>(&mut self) {
        self.result = Some(R::schema(self.outputs));
        self.file = R::Data::schema_id() == FileContent::schema_id();
    }

    /// Notes that the method needs the state `S`.
    pub(crate) fn state<S: State>(&mut self) {
        let key = StateKey { id: TypeId::of::<S>(), name: std::any::type_name::<S>() };
        if !self.states.contains(&key) {
            self.states.push(key);
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
