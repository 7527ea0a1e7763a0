//! The values in effect, with what set each.

use super::error::{ConfigError, Faults};
use super::found::Source;
use super::option::OptionSpec;
use super::own::options;
use super::sources::Sources;
use super::table::METHOD_OPTIONS;

/// What stands for a secret.
const MASK: &str = "********";

/// A value in effect, as it is shown.
#[derive(Debug)]
pub(crate) struct Effective {
    pub(crate) spec: &'static OptionSpec,
    /// The method that it is a limit of.
    pub(crate) method: Option<String>,
    /// Empty when there is none.
    pub(crate) value: String,
    pub(crate) source: Source,
}

/// The value of every option; then those of single methods.
pub(crate) fn effective(sources: &Sources) -> Result<Vec<Effective>, ConfigError> {
    let mut faults = Faults::default();
    let mut values = Vec::new();
    for &spec in options() {
        let found = sources.find(spec).unwrap_or_else(|fault| {
            faults.add(fault);
            None
        });
        let (value, source) =
            found.map_or((spec.default.to_owned(), Source::Default), |found| (found.text, found.source));
        let value = if spec.secret && !value.is_empty() { MASK.to_owned() } else { value };
        values.push(Effective { spec, method: None, value, source });
    }
    for table in sources.file.iter().flat_map(|file| &file.methods) {
        let of_table = METHOD_OPTIONS.iter().filter_map(|spec| {
            let entry = table.value(spec)?;
            let source = Source::Line(entry.location.clone());
            Some(Effective { spec, method: Some(table.path.clone()), value: entry.text.clone(), source })
        });
        values.extend(of_table);
    }
    faults.finish().map(|()| values)
}
