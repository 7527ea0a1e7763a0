//! What can be wrong with a set of methods, each fault with what to do about it.

use std::fmt;

use rpc_grammar::nearest::nearest;
use rpc_grammar::reserved::{EVERYBODY, GUEST, ROOT, SELF, USER};
use thiserror::Error;

use crate::location::SourceLocation;
use crate::permissions::Permission;
use crate::state::{States, WantedState};

/// The reserved words for callers, as a list for people.
fn callers() -> String {
    [EVERYBODY, GUEST, USER, ROOT].map(|word| format!("\"{word}\"")).join(", ")
}

/// What to say first of an unknown name, where one of the known names is near.
fn suggestion<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.chain([EVERYBODY, GUEST, USER, ROOT]).collect();
    nearest(name, &known).map(|near| format!("did you mean \"{near}\"? ")).unwrap_or_default()
}

/// The names of permissions, as a list for people.
pub(super) fn declared(permissions: &[Permission]) -> String {
    let names: Vec<&str> = permissions.iter().map(|permission| permission.name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
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
        "{method} at {location} admits \"{permission}\", which is not declared; {}declare it with `.permission(…)`; declared are: {declared}",
        suggestion(permission, declared.split(", "))
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
    /// The application declares a permission whose name no attribute can say.
    #[error("the permission \"{name}\" cannot be declared: {reason}")]
    BadPermissionName {
        /// The name.
        name: &'static str,
        /// What is wrong with it, or what to write.
        reason: String,
    },
    /// A method needs a state that was not given.
    #[error("{method} at {location} takes `&{state}`, which was not given; {help}; given are: {given}")]
    MissingState {
        /// The method's path.
        method: &'static str,
        /// Where it is declared.
        location: SourceLocation,
        /// The state's type.
        state: &'static str,
        /// What to write.
        help: String,
        /// The types of the states that were given.
        given: String,
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
    /// A method declares two errors of one kind that differ.
    #[error(
        "{method} at {location} has two different errors of the kind \"{kind}\"; give one another name with `#[api_error(kind = \"…\")]`"
    )]
    ErrorKind {
        /// The method's path.
        method: &'static str,
        /// Where it is declared.
        location: SourceLocation,
        /// The kind.
        kind: &'static str,
    },
    /// What the attribute says of a parameter does not fit its type, or itself.
    #[error("{method} at {location}: the parameter `{param}`: {reason}")]
    BadParameter {
        /// The method's path.
        method: &'static str,
        /// Where it is declared.
        location: SourceLocation,
        /// The parameter's name.
        param: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A pattern of `.expect(…)` matches nothing.
    #[error(
        "no method that is served matches {0}; do `.only(…)` and `.except(…)` leave one? is its crate in the binary? `use my_methods as _;` keeps it there"
    )]
    NothingMatches(String),
    /// A pattern of `.only(…)` or `.except(…)` matches nothing that the binary has.
    #[error(
        "`.{option}(\"{pattern}\")` matches no method and no event; mend the pattern, or keep the crate that declares them in the binary: `use my_methods as _;`"
    )]
    SelectsNothing {
        /// The builder's function: `only` or `except`.
        option: &'static str,
        /// The pattern.
        pattern: String,
    },
    /// A pattern that no path could match.
    #[error("`.{option}(\"{pattern}\")` is no pattern of paths, such as /v1/users/* or /v1/**: {reason}")]
    BadPattern {
        /// The builder's function: `only`, `except` or `expect`.
        option: &'static str,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: &'static str,
    },
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
        "the event {event} at {location} is for \"{audience}\", which is no declared permission; {}use one, {} or \"{SELF}\"; declared are: {declared}",
        suggestion(audience, declared.split(", ").chain([SELF])),
        callers()
    )]
    UnknownAudience {
        /// The event's name.
        event: &'static str,
        /// Where it is declared.
        location: SourceLocation,
        /// The unknown audience; empty when the event names none.
        audience: &'static str,
        /// The declared permissions.
        declared: String,
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
        "there are no methods: none is declared, or `.only(…)` and `.except(…)` leave none, or the crate that declares them is not in the binary (`use my_methods as _;` keeps it there)"
    )]
    NoMethods,
}

impl Fault {
    /// The fault of a method that takes a state which is not among those that were given.
    pub(super) fn missing_state(
        method: &'static str,
        location: SourceLocation,
        wanted: &WantedState,
        states: &States,
    ) -> Self {
        let name = short(wanted.name);
        let help = if wanted.is_unsized {
            let variable = name.trim_start_matches("dyn ").split([' ', '<']).next().unwrap_or_default().to_lowercase();
            format!("write `let {variable}: Arc<{name}> = Arc::new(…);` and `Api::builder().state({variable})`")
        } else {
            format!(
                "give a `{name}`, or an `Arc` of it, with `Api::builder().state(…)`, or take it by value where callers send it"
            )
        };
        let given: Vec<String> = states.names().map(|name| format!("`{}`", short(name))).collect();
        let given = if given.is_empty() { "none".to_owned() } else { given.join(", ") };
        Self::MissingState { method, location, state: wanted.name, help, given }
    }
}

/// The name of a type as people write it, without the paths in it: `Arc<dyn Clock>`.
fn short(name: &str) -> String {
    let mut short = String::new();
    let mut rest = name;
    while let Some(end) = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        let (word, after) = rest.split_at(end);
        let other = after.chars().next().map_or(0, char::len_utf8);
        short.push_str(last_segment(word));
        short.push_str(&after[..other]);
        rest = &after[other..];
    }
    short + last_segment(rest)
}

fn last_segment(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
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

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn the_name_of_a_type_is_told_without_paths() {
        for (name, expected) in [
            ("app::App", "App"),
            ("dyn app::store::Clock", "dyn Clock"),
            ("alloc::sync::Arc<dyn app::Clock + core::marker::Send>", "Arc<dyn Clock + Send>"),
            ("(alloc::string::String, [u8; 4])", "(String, [u8; 4])"),
        ] {
            assert_eq!(short(name), expected);
        }
    }
}
