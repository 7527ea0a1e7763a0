//! The variables of the process. They are read here only.

use std::collections::BTreeMap;

use super::error::meant;
use super::found::{Found, Source};
use super::option::OptionSpec;
use super::own::options;
use crate::naming;

/// The variables of the process, as they were at start.
#[derive(Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process. What is not Unicode is replaced, and so refused where it matters.
    pub(crate) fn of_process() -> Self {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Self(std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect())
    }

    /// The value of a variable; an empty one is none.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of an option: its own variable, or the file that another one names, or a variable that many programs know.
    pub(super) fn find(&self, spec: &OptionSpec) -> Result<Option<Found>, String> {
        let (own, of_file) = (spec.variable(), spec.variable_of_file());
        match (self.value(&own), self.value(&of_file)) {
            (Some(_), Some(_)) => return Err(format!("{own} and {of_file} are both set: unset one of them")),
            (None, Some(path)) => return content(&of_file, path).map(Some),
            _ => {}
        }
        let set = spec.variables().find_map(|name| Some((self.value(&name)?.to_owned(), name)));
        Ok(set.map(|(text, name)| Found { text, source: Source::Variable(name) }))
    }

    /// Variables with the prefix that set nothing, each with the one that may have been meant.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = (&str, Option<String>)> {
        let prefix = naming::prefix();
        let is_unknown = move |name: &&String| name.starts_with(&prefix) && !variables().any(|known| known == **name);
        let unknown = self.0.keys().filter(is_unknown);
        unknown.map(|name| (name.as_str(), meant(name, variables())))
    }

    #[cfg(test)]
    pub(super) fn of(variables: &[(&str, &str)]) -> Self {
        Self(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }
}

/// Every variable that is read.
fn variables() -> impl Iterator<Item = String> {
    let of_option = |spec: &'static OptionSpec| spec.variables().chain([spec.variable_of_file()]);
    options().iter().copied().flat_map(of_option).chain([naming::config_variable()])
}

/// What a file holds, without the line end that editors add.
fn content(variable: &str, path: &str) -> Result<Found, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{variable}: {path} cannot be read: {error}"))?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(format!("{variable}: {path} is empty"));
    }
    Ok(Found { text: line.to_owned(), source: Source::VariableFile(variable.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::Environment;

    #[test]
    fn a_misspelt_variable_is_seen() {
        let environment = Environment::of(&[
            ("APP_PROT", "1"),
            ("APP_PORT", "2"),
            ("APP_CONFIG", "x"),
            ("APP_SERVICE_HOST", "x"),
            ("APP_SECRET_KEY_FILE", "x"),
            ("HOME", "/"),
        ]);
        let unknown: Vec<_> = environment.unknown().collect();
        assert_eq!(unknown, [("APP_PROT", Some("APP_PORT".to_owned())), ("APP_SERVICE_HOST", None)]);
    }
}
