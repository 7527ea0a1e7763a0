//! The options that a program adds to the table.

use std::sync::OnceLock;

use super::option::{ConfigOption, OptionSpec};
use super::table::OPTIONS;
use super::value::OptionValue;
use crate::naming;

/// Names of flags of the same commands, and of a table of the file, that are no options.
const TAKEN: [&str; 6] = ["check", "config", "help", "json", "methods", "version"];

/// The table with the program's own options at its end. A process runs one program, which says once what it adds.
static ALL: OnceLock<Vec<&'static OptionSpec>> = OnceLock::new();

/// Every option.
pub(crate) fn options() -> &'static [&'static OptionSpec] {
    ALL.get().map_or(OPTIONS, Vec::as_slice)
}

/// Options that are to be added.
#[derive(Debug, Default)]
pub(crate) struct OwnOptions {
    specs: Vec<&'static OptionSpec>,
    faults: Vec<String>,
}

impl OwnOptions {
    /// Adds an option, or notes why it cannot be one.
    pub(crate) fn add<T: OptionValue>(&mut self, option: &'static ConfigOption<T>) {
        let spec = &option.spec;
        let name = spec.name;
        if !is_kebab_case(name) {
            self.faults.push(format!("the option \"{name}\" is no name: write lower-case words, as in max-items"));
        }
        if TAKEN.contains(&name) || OPTIONS.iter().chain(&self.specs).any(|known| clash(known, spec)) {
            self.faults.push(format!("the option {name} is there already: give yours another name"));
        }
        if !option.is_bounded() {
            self.faults
                .push(format!("the option {name} needs `.within(min, max)`, or has it for a type without an order"));
        } else if !spec.default.is_empty() && !spec.takes(spec.default) {
            let (default, expected) = (spec.default, spec.expected());
            self.faults.push(format!("the default of the option {name} is \"{default}\": expected {expected}"));
        }
        self.specs.push(spec);
    }

    /// Adds them to the table of this process.
    ///
    /// # Errors
    ///
    /// What is wrong with them, a line each.
    pub(crate) fn declare(self) -> Result<(), String> {
        if !self.faults.is_empty() {
            return Err(self.faults.join("\n  "));
        }
        ALL.get_or_init(|| OPTIONS.iter().copied().chain(self.specs).collect());
        Ok(())
    }
}

/// The options that the program added.
pub(super) fn added() -> &'static [&'static OptionSpec] {
    &options()[OPTIONS.len()..]
}

/// Whether one variable would set both: that of one, or that of a file with the value of the other.
fn clash(known: &OptionSpec, spec: &OptionSpec) -> bool {
    let (old, new) = (known.variable(), spec.variable());
    old == new || old == spec.variable_of_file() || new == known.variable_of_file()
}

fn is_kebab_case(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.split('-').all(is_word)
}

/// The heading above an option in the document: one that is not in the table stands below the program's name.
pub(crate) fn section(spec: &OptionSpec) -> &'static str {
    if spec.section.is_empty() { naming::name() } else { spec.section }
}

#[cfg(test)]
mod tests {
    use super::{ConfigOption, OwnOptions};

    static PORT: ConfigOption<u16> = ConfigOption::new("port", "1", "A port").within("1", "9");
    static VERSION: ConfigOption<String> = ConfigOption::new("version", "", "A version");
    static PORT_FILE: ConfigOption<String> = ConfigOption::new("port-file", "", "A file");
    static SHOUTED: ConfigOption<bool> = ConfigOption::new("Shouted", "false", "A switch");
    static UNBOUNDED: ConfigOption<u32> = ConfigOption::new("items", "7", "Items");
    static BEYOND: ConfigOption<u32> = ConfigOption::new("things", "10", "Things").within("1", "9");

    #[test]
    fn what_is_wrong_with_an_option_of_ones_own_is_told_all_at_once() {
        let mut own = OwnOptions::default();
        own.add(&PORT);
        own.add(&VERSION);
        own.add(&PORT_FILE);
        own.add(&SHOUTED);
        own.add(&UNBOUNDED);
        own.add(&BEYOND);
        let told = own.declare().unwrap_err();
        let lines = [
            "the option port is there already: give yours another name",
            "  the option version is there already: give yours another name",
            "  the option port-file is there already: give yours another name",
            "  the option \"Shouted\" is no name: write lower-case words, as in max-items",
            "  the option items needs `.within(min, max)`, or has it for a type without an order",
            "  the default of the option things is \"10\": expected a whole number from 1 to 9",
        ];
        assert_eq!(told, lines.join("\n"));
    }
}
