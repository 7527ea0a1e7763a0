//! Configuration: from a flag, else from a variable of the environment, else from a file, else the default.

mod document;
mod effective;
mod environment;
mod error;
mod file;
mod found;
mod limits;
mod log;
mod option;
mod own;
mod own_values;
mod rules;
mod serve;
mod sources;
mod storage;
mod table;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use self::document::markdown;
pub(crate) use self::effective::{Effective, effective};
pub(crate) use self::environment::Environment;
pub(crate) use self::error::ConfigError;
pub(crate) use self::log::LogConfig;
pub use self::option::ConfigOption;
pub(crate) use self::option::{Flag, OptionSpec};
pub(crate) use self::own::{OwnOptions, options, section};
pub(crate) use self::own_values::OwnValues;
pub(crate) use self::serve::{RootConfig, ServeConfig};
pub(crate) use self::sources::{Flags, Sources};
pub(crate) use self::storage::StorageConfig;
pub use self::value::OptionValue;
pub(crate) use self::value::{DatabaseUrl, HttpUrl, LogFormat, PublicUrl};

/// Reads the value of a flag.
pub(crate) fn parse<T: OptionValue>(text: &str) -> Result<T, String> {
    T::parse(text).ok_or_else(|| format!("expected {}", T::EXPECTED))
}
