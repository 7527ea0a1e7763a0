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
pub(crate) use self::option::{Flag, OptionSpec};
pub(crate) use self::serve::{RootConfig, ServeConfig};
pub(crate) use self::sources::{Flags, Sources};
pub(crate) use self::storage::StorageConfig;
pub(crate) use self::table::OPTIONS;
pub(crate) use self::value::{DatabaseUrl, HttpUrl, LogFormat, OptionValue, PublicUrl};

/// What the names of all variables begin with. Change it here when the application gets a name of its own.
pub(crate) const PREFIX: &str = "APP_";

/// The variable that names the file. It begins with [`PREFIX`].
pub(crate) const CONFIG_VARIABLE: &str = "APP_CONFIG";

/// The file in the working directory that is read when no other is named.
pub(crate) const FILE: &str = "app.toml";

/// Reads the value of a flag.
pub(crate) fn parse<T: OptionValue>(text: &str) -> Result<T, String> {
    T::parse(text).ok_or_else(|| format!("expected {}", T::EXPECTED))
}
