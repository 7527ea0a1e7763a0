//! The values of the options that a program adds.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::option::ConfigOption;
use super::own::added;
use super::sources::Reader;
use super::value::OptionValue;

/// The texts of the options that the program added. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct OwnValues(Arc<BTreeMap<&'static str, String>>);

impl OwnValues {
    /// The value of an option, if it has one.
    ///
    /// # Errors
    ///
    /// The program did not add the option.
    pub(crate) fn optional<T: OptionValue>(&self, option: &ConfigOption<T>) -> Result<Option<T>, String> {
        let name = option.spec.name;
        let text = self.0.get(name).ok_or_else(|| format!("the option {name} is not added: `Program::option` does"))?;
        Ok(option.parse(text).filter(|_| !text.is_empty()))
    }

    /// The value of an option.
    ///
    /// # Errors
    ///
    /// The program did not add the option, or nothing sets it.
    pub(crate) fn required<T: OptionValue>(&self, option: &ConfigOption<T>) -> Result<T, String> {
        let spec = &option.spec;
        self.optional(option)?.ok_or_else(|| format!("{} has no value. Try: {}", spec.name, spec.variable()))
    }
}

/// Without the texts: some may be secret.
impl fmt::Debug for OwnValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Reader<'_> {
    /// Reads the program's own options.
    pub(super) fn own(&mut self) -> OwnValues {
        let mut values = BTreeMap::new();
        for spec in added() {
            let found = self.found(spec);
            if let Some(found) = found.as_ref().filter(|found| !spec.takes(&found.text)) {
                self.faults.add(found.bad(spec));
            }
            values.insert(spec.name, found.map_or_else(|| spec.default.to_owned(), |found| found.text));
        }
        OwnValues(Arc::new(values))
    }
}
