//! Values, and the sources that set them.

use std::borrow::Cow;
use std::fmt;

use super::option::OptionSpec;

/// Bytes of a value that a fault shows.
const SHOWN: usize = 200;

/// A value that something sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) text: String,
    pub(crate) source: Source,
}

/// What set a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The flag of an option.
    Flag(&'static str),
    /// A variable.
    Variable(String),
    /// A file that a variable names.
    VariableFile(String),
    /// A line of the file.
    Line(String),
    /// Nothing.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "--{name}"),
            Self::Variable(name) | Self::VariableFile(name) | Self::Line(name) => f.write_str(name),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Found {
    /// Names the value in a fault: `APP_PORT`, `app.toml:3: port`, and what it is unless that is secret.
    pub(super) fn fault(&self, spec: &OptionSpec, what: impl fmt::Display) -> String {
        let name = match &self.source {
            Source::Flag(_) | Source::Variable(_) | Source::Default => self.source.to_string(),
            Source::VariableFile(name) => format!("the content of {name}"),
            Source::Line(location) => format!("{location}: {}", spec.name),
        };
        if spec.secret { format!("{name}: {what}") } else { format!("{name} is \"{}\": {what}", shown(&self.text)) }
    }

    /// The fault of a value that its option does not take.
    pub(super) fn bad(&self, spec: &OptionSpec) -> String {
        self.fault(spec, format_args!("expected {}", spec.expected()))
    }
}

/// A value in a fault: all of it, unless that fills the screen.
fn shown(text: &str) -> Cow<'_, str> {
    let end = text.floor_char_boundary(SHOWN);
    if end == text.len() { text.into() } else { format!("{}…", &text[..end]).into() }
}
