//! What can be wrong with a set of methods, each fault with what to do about it.

use std::fmt;

use thiserror::Error;

use crate::location::SourceLocation;
use crate::reserved::{EVERYBODY, GUEST, ROOT, SELF, USER};

/// The reserved words for callers, as a list for people.
fn callers() -> String {
    [EVERYBODY, GUEST, USER, ROOT].map(|word| format!("\"{word}\"")).join(", ")
}

/// One reason why an [`Api`](crate::Api) cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// Two methods have one path.
    #[error("{path} is declared twice: at {first} and at {second}; rename one of them")]
    DuplicateMethod {
        /// The path.
        path: &'static str,
        /// One declaration.
        first: SourceLocation,
        /// The other.
        second: SourceLocation,
    },
    /// Two modules have one path.
    #[error("the module {path} is declared twice: at {first} and at {second}; remove one of them")]
    DuplicateModule {
        /// The path.
        path: &'static str,
        /// One declaration.
        first: SourceLocation,
        /// The other.
        second: SourceLocation,
    },
    /// A method admits nobody.
    #[error("{method} at {location} has no permissions; say who may call it: {} or a declared name", callers())]
    NoPermissions {
        /// The method's path.
        method: &'static str,
        /// Where it is declared.
        location: SourceLocation,
    },
    /// A method names a permission that the application does not declare.
    #[error(
        "{method} at {location} admits \"{permission}\", which is not declared; declare it with `.permission(…)`; declared are: {declared}"
    )]
    UnknownPermission {
        /// The method's path.
        method: &'static str,
        /// Where it is declared.
        location: SourceLocation,
        /// The unknown name.
        permission: &'static str,
        /// The declared names.
        declared: String,
    },
    /// The application declares a permission whose name is reserved or taken.
    #[error("the permission \"{0}\" cannot be declared: the name is reserved, or declared twice")]
    BadPermission(&'static str),
    /// A method needs a state that was not given.
    #[error("{method} at {location} takes `&{state}`, which was not given; give it with `.state(…)`")]
    MissingState {
        /// The method's path.
        method: &'static str,
        /// Where it is declared.
        location: SourceLocation,
        /// The state's type.
        state: &'static str,
    },
    /// A method belongs to no module.
    #[error(
        "{method} at {location} belongs to no module; declare one with `api_module! {{ /// Title\\n path = \"{module}\" }}`"
    )]
    NoModule {
        /// The method's path.
        method: &'static str,
        /// Where it is declared.
        location: SourceLocation,
        /// The path that its module would have.
        module: String,
    },
    /// Two types have one schema name and differ.
    #[error(
        "the schema name \"{name}\" stands for two types, in {first} and in {second}; rename one with `#[schemars(rename = \"…\")]`"
    )]
    SchemaName {
        /// The name.
        name: String,
        /// A method that uses one type.
        first: &'static str,
        /// A method that uses the other.
        second: &'static str,
    },
    /// The schema of a parameter is not valid.
    #[error("{method} at {location} has a parameter whose JSON Schema is not valid: {reason}")]
    BadSchema {
        /// The method's path.
        method: &'static str,
        /// Where it is declared.
        location: SourceLocation,
        /// What the validator says.
        reason: String,
    },
    /// A pattern of `.expect(…)` matches nothing.
    #[error("no method matches {0}; is its crate in the binary? `use my_methods as _;` keeps it there")]
    NothingMatches(String),
    /// The configuration limits a method that does not exist.
    #[error("the configuration sets limits for {0}, which is no method")]
    LimitsForUnknownMethod(String),
    /// A limit, of the `Api` or of one method, is not in its range.
    #[error("the limit `{name}`{} is {value}; it is from {min} to {max}", method.as_ref().map(|path| format!(" of {path}")).unwrap_or_default())]
    LimitOutOfRange {
        /// The limit: `max_depth`.
        name: &'static str,
        /// The path of the method, for a limit of one.
        method: Option<String>,
        /// What it is.
        value: String,
        /// The smallest value that is allowed.
        min: String,
        /// The largest value that is allowed.
        max: String,
    },
    /// `upload = …` at a method that takes no file, or the like.
    #[error("{method} at {location} sets `upload`, but takes no `&Upload`; add the argument or remove the key")]
    UploadWithoutFile {
        /// The method's path.
        method: &'static str,
        /// Where it is declared.
        location: SourceLocation,
    },
    /// A method takes its file by two arguments, which would be the same file.
    #[error("{method} at {location} takes its file twice; take `&Upload` once, or `&Uploads` for several files")]
    RepeatedUpload {
        /// The method's path.
        method: &'static str,
        /// Where it is declared.
        location: SourceLocation,
    },
    /// Two events have one name, or two methods one client event.
    #[error("the event {name} is declared twice: at {first} and at {second}; rename one of them")]
    DuplicateEvent {
        /// The name.
        name: &'static str,
        /// One declaration.
        first: SourceLocation,
        /// The other.
        second: SourceLocation,
    },
    /// An event names a permission that the application does not declare, or nobody.
    #[error(
        "the event {event} at {location} is for \"{audience}\", which is no declared permission; use one, {} or \"{SELF}\"",
        callers()
    )]
    UnknownAudience {
        /// The event's name.
        event: &'static str,
        /// Where it is declared.
        location: SourceLocation,
        /// The unknown audience; empty when the event names none.
        audience: &'static str,
    },
    /// A client's event cannot reach the method: it is private, or needs a file.
    #[error(
        "{method} at {location} has a `client_event`, but clients cannot call it: it is private or needs a file; remove the key"
    )]
    UnreachableByEvent {
        /// The method's path.
        method: &'static str,
        /// Where it is declared.
        location: SourceLocation,
    },
    /// The schema of a payload is not valid.
    #[error("the event {event} at {location} has a payload whose JSON Schema is not valid: {reason}")]
    BadPayload {
        /// The event's name.
        event: &'static str,
        /// Where it is declared.
        location: SourceLocation,
        /// What the validator says.
        reason: String,
    },
    /// There is nothing to serve.
    #[error(
        "there are no methods; is the crate that declares them in the binary? `use my_methods as _;` keeps it there"
    )]
    NoMethods,
}

/// Everything that is wrong with a set of methods.
#[derive(Clone, PartialEq, Eq, Error)]
pub struct BuildError(pub(super) Vec<Fault>);

impl BuildError {
    /// The faults, at least one.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.0
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "the API cannot be built: {count} {}", if count == 1 { "fault" } else { "faults" })?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  - {fault}"))
    }
}

/// `main` prints errors by `Debug`; this one is made for reading.
impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
