//! An option: what the table of all options says of it.

use std::marker::PhantomData;

use super::value::OptionValue;
use crate::naming;

/// The end of the name of a variable that names a file with the value.
pub(super) const FROM_FILE: &str = "_FILE";

/// What is known of an option, whatever its type.
#[derive(Debug)]
pub(crate) struct OptionSpec {
    /// The name in the file, and that of the flag where there is one; in upper case, after the prefix, the variable.
    pub(crate) name: &'static str,
    /// Another variable, asked after its own.
    also: Option<&'static str>,
    /// Empty where there is none.
    pub(crate) default: &'static str,
    /// One sentence.
    pub(crate) text: &'static str,
    /// Where it stands in documents.
    pub(crate) section: &'static str,
    /// Whether its value is shown to nobody.
    pub(crate) secret: bool,
    pub(crate) flag: Flag,
    pub(crate) kind: &'static str,
    expected: &'static str,
    pub(crate) is_list: bool,
    takes: fn(&str) -> bool,
    measure: fn(&str) -> Option<u128>,
    pub(crate) range: Option<Range>,
}

/// The least and the greatest value of an option, as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) min: &'static str,
    pub(crate) max: &'static str,
}

/// The longest value, in bytes.
const LONGEST: usize = 8192;

/// Whether a command takes the option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flag {
    /// None does.
    None,
    /// `serve` does: `--name`.
    Serve,
    /// `serve` does: `--name`, and a letter.
    ServeShort(char),
    /// Commands that work on the storage do: `--name`.
    Storage,
    /// All do.
    Global,
}

impl OptionSpec {
    /// The variables that set it, first the one that wins.
    pub(crate) fn variables(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.variable()).chain(self.also.map(str::to_owned))
    }

    /// Its own variable.
    pub(crate) fn variable(&self) -> String {
        format!("{}{}", naming::prefix(), self.name.to_uppercase().replace('-', "_"))
    }

    /// The variable that names a file with its value.
    pub(crate) fn variable_of_file(&self) -> String {
        self.variable() + FROM_FILE
    }

    /// Whether a command line sets it.
    pub(crate) fn has_flag(&self) -> bool {
        self.flag != Flag::None
    }

    /// Whether a text is a value of it.
    pub(crate) fn takes(&self, text: &str) -> bool {
        let is_within = |Range { min, max }| {
            let measured = (self.measure)(text);
            (self.measure)(min) <= measured && measured <= (self.measure)(max)
        };
        text.len() <= LONGEST && (self.takes)(text) && self.range.is_none_or(is_within)
    }

    /// What it takes, for people: `a whole number from 1 to 100`.
    pub(crate) fn expected(&self) -> String {
        let Some(Range { min, max }) = self.range else { return self.expected.to_owned() };
        let comma = if self.expected.contains(',') { "," } else { "" };
        format!("{}{comma} from {min} to {max}", self.expected)
    }
}

/// An option of the configuration, with values of a type.
///
/// A program adds its own with [`Program::option`](crate::Program::option), and reads them with
/// [`ProgramParts::value`](crate::ProgramParts::value). The name decides where its value comes from: `max-items` is set by the
/// variable `SHOP_MAX_ITEMS`, the file that `SHOP_MAX_ITEMS_FILE` names, or `max-items` in the file `shop.toml`.
///
/// ```
/// # use app_template::ConfigOption;
/// static CURRENCY: ConfigOption<String> = ConfigOption::new("currency", "EUR", "Currency of prices");
/// static MAX_ITEMS: ConfigOption<u32> =
///     ConfigOption::new("max-items", "100", "Items of one order").within("1", "1000").with_flag();
/// ```
#[derive(Debug)]
pub struct ConfigOption<T> {
    pub(crate) spec: OptionSpec,
    values: PhantomData<fn() -> T>,
}

fn takes<T: OptionValue>(text: &str) -> bool {
    T::parse(text).is_some()
}

fn measure<T: OptionValue>(text: &str) -> Option<u128> {
    T::MEASURE.and_then(|measure| Some(measure(&T::parse(text)?)))
}

impl<T: OptionValue> ConfigOption<T> {
    /// An option with its name in kebab-case, its default (empty: none), and a sentence without a full stop.
    #[must_use]
    pub const fn new(name: &'static str, default: &'static str, text: &'static str) -> Self {
        let spec = OptionSpec {
            name,
            also: None,
            default,
            text,
            section: "",
            secret: false,
            flag: Flag::None,
            kind: T::KIND,
            expected: T::EXPECTED,
            is_list: T::IS_LIST,
            takes: takes::<T>,
            measure: measure::<T>,
            range: None,
        };
        Self { spec, values: PhantomData }
    }

    /// The least and the greatest value, in the texts that the option takes. An option whose values have an order needs them.
    #[must_use]
    pub const fn within(mut self, min: &'static str, max: &'static str) -> Self {
        self.spec.range = Some(Range { min, max });
        self
    }

    /// Whether it has the bounds that its type asks for.
    pub(crate) const fn is_bounded(&self) -> bool {
        self.spec.range.is_some() == T::MEASURE.is_some()
    }

    /// Reads a text, which has to be within the bounds.
    pub(crate) fn parse(&self, text: &str) -> Option<T> {
        if self.spec.takes(text) { T::parse(text) } else { None }
    }

    pub(super) const fn also(mut self, variable: &'static str) -> Self {
        self.spec.also = Some(variable);
        self
    }

    pub(super) const fn flag(mut self, flag: Flag) -> Self {
        self.spec.flag = flag;
        self
    }

    /// The flag `--name` of `serve` sets it too.
    #[must_use]
    pub const fn with_flag(self) -> Self {
        self.flag(Flag::Serve)
    }

    /// Its value is never shown.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.spec.secret = true;
        self
    }

    pub(super) const fn section(mut self, section: &'static str) -> Self {
        self.spec.section = section;
        self
    }
}
