//! What is wrong with the configuration.

use std::fmt;

use thiserror::Error;

/// Faults that an error names.
const NAMED: usize = 3;
/// Letters that a misspelt name may differ in from the one that was meant.
const NEAR: usize = 2;

/// The configuration is wrong; every fault of it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) struct ConfigError(Vec<String>);

impl ConfigError {
    /// One fault.
    pub(crate) fn one(fault: impl Into<String>) -> Self {
        Self(vec![fault.into()])
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = &self.0[..self.0.len().min(NAMED)];
        f.write_str(&named.join("\n  "))?;
        match self.0.len() - named.len() {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

/// Faults, collected so that they are reported together.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<String>);

impl Faults {
    pub(super) fn add(&mut self, fault: String) {
        self.0.push(fault);
    }

    pub(super) fn finish(self) -> Result<(), ConfigError> {
        if self.0.is_empty() { Ok(()) } else { Err(ConfigError(self.0)) }
    }
}

/// What to add to a fault about an unknown name: ` (did you mean port?)`, if one of the known names is near.
pub(super) fn hint(name: &str, known: impl Iterator<Item = String>, quote: &str) -> String {
    meant(name, known).map(|name| format!(" (did you mean {quote}{name}{quote}?)")).unwrap_or_default()
}

/// The nearest name, when it is near.
pub(super) fn meant(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let distances = known.map(|known| (strsim::damerau_levenshtein(name, &known), known));
    distances.min().filter(|(distance, _)| *distance <= NEAR).map(|(_, known)| known)
}
