//! Settings: a flag before a variable of the environment before the default. The environment is read here only.

mod setting;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use thiserror::Error;

pub(crate) use self::setting::{LogFormat, LogLevel, PublicUrl, Setting, parse};

/// What the names of all variables begin with. Change it here when the application gets a name of its own.
pub(crate) const PREFIX: &str = "APP_";

/// A setting, named as its flag.
#[derive(Debug)]
pub(crate) struct Key {
    /// The flag without dashes; in upper case, after the prefix, the variable.
    pub(crate) name: &'static str,
    /// Another variable, asked after its own.
    also: Option<&'static str>,
    /// Empty where there is none.
    pub(crate) default: &'static str,
}

const BIND: Key = Key { name: "bind", also: None, default: "127.0.0.1" };
const PORT: Key = Key { name: "port", also: Some("PORT"), default: "8080" };
const PUBLIC_URL: Key = Key { name: "public-url", also: None, default: "" };
const NO_BANNER: Key = Key { name: "no-banner", also: None, default: "false" };
const LOG_FORMAT: Key = Key { name: "log-format", also: None, default: "auto" };
const LOG_LEVEL: Key = Key { name: "log-level", also: None, default: "info" };

/// Every setting.
pub(crate) const KEYS: [&Key; 6] = [&BIND, &PORT, &PUBLIC_URL, &NO_BANNER, &LOG_FORMAT, &LOG_LEVEL];

impl Key {
    /// The variables that set it, first the one that wins.
    pub(crate) fn variables(&self) -> impl Iterator<Item = String> {
        let own = format!("{PREFIX}{}", self.name.to_uppercase().replace('-', "_"));
        std::iter::once(own).chain(self.also.map(str::to_owned))
    }
}

/// The variables of the process, as they were at start.
#[derive(Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

/// A variable holds what its setting does not take.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{variable} is \"{value}\": expected {expected}")]
pub(crate) struct ConfigError {
    variable: String,
    value: String,
    expected: &'static str,
}

/// What `serve` is told on the command line.
#[derive(Debug, Default)]
pub(crate) struct ServeFlags {
    pub(crate) bind: Option<IpAddr>,
    pub(crate) port: Option<u16>,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) no_banner: bool,
}

/// How to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServeSettings {
    pub(crate) address: SocketAddr,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) no_banner: bool,
}

/// What every command is told on the command line.
#[derive(Debug, Default)]
pub(crate) struct LogFlags {
    pub(crate) format: Option<LogFormat>,
    pub(crate) level: Option<LogLevel>,
}

/// What to log, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogSettings {
    pub(crate) format: LogFormat,
    /// Directives of `RUST_LOG`, or a level.
    pub(crate) filter: String,
    /// Whether colours are refused (see no-color.org).
    pub(crate) no_color: bool,
}

impl Environment {
    /// The variables of this process. What is not Unicode is replaced, and so refused where it matters.
    pub(crate) fn of_process() -> Self {
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        Self(std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect())
    }

    /// The value of a variable; an empty one is none.
    fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn optional<T: Setting>(&self, key: &Key, flag: Option<T>) -> Result<Option<T>, ConfigError> {
        if flag.is_some() {
            return Ok(flag);
        }
        let set = key.variables().find_map(|name| Some((self.value(&name)?.to_owned(), name)));
        let Some((value, variable)) = set else { return Ok(T::parse(key.default)) };
        T::parse(&value).map(Some).ok_or(ConfigError { variable, value, expected: T::EXPECTED })
    }

    fn required<T: Setting>(&self, key: &Key, flag: Option<T>) -> Result<T, ConfigError> {
        let setting = self.optional(key, flag)?;
        Ok(setting.expect("the test `every_default_is_a_value` holds the defaults to their types"))
    }

    /// The settings of `serve`.
    pub(crate) fn serve(&self, flags: ServeFlags) -> Result<ServeSettings, ConfigError> {
        let (ip, port) = (self.required(&BIND, flags.bind)?, self.required(&PORT, flags.port)?);
        Ok(ServeSettings {
            address: SocketAddr::new(ip, port),
            public_url: self.optional(&PUBLIC_URL, flags.public_url)?,
            no_banner: self.required(&NO_BANNER, flags.no_banner.then_some(true))?,
        })
    }

    /// The settings of the log.
    pub(crate) fn log(&self, flags: &LogFlags) -> Result<LogSettings, ConfigError> {
        let level = self.required(&LOG_LEVEL, flags.level)?;
        Ok(LogSettings {
            format: self.required(&LOG_FORMAT, flags.format)?,
            filter: self.value("RUST_LOG").map_or_else(|| level.name().to_owned(), str::to_owned),
            no_color: self.value("NO_COLOR").is_some(),
        })
    }

    /// Variables with the prefix that set nothing, each with the one that may have been meant.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = (&str, Option<String>)> {
        let is_known = |name: &str| KEYS.iter().any(|key| key.variables().any(|variable| variable == name));
        let unknown = self.0.keys().filter(move |name| name.starts_with(PREFIX) && !is_known(name));
        unknown.map(|name| (name.as_str(), meant(name)))
    }
}

/// The variable whose name is the nearest, when it is near.
fn meant(name: &str) -> Option<String> {
    let variables = KEYS.iter().flat_map(|key| key.variables());
    let distances = variables.map(|variable| (strsim::damerau_levenshtein(name, &variable), variable));
    distances.min().filter(|(distance, _)| *distance <= 2).map(|(_, variable)| variable)
}

#[cfg(test)]
mod tests {
    use super::{Environment, LogFlags, LogFormat, LogLevel, ServeFlags};

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    fn address(variables: &[(&str, &str)], port: Option<u16>) -> String {
        let flags = ServeFlags { port, ..ServeFlags::default() };
        environment(variables).serve(flags).unwrap().address.to_string()
    }

    #[test]
    fn every_default_is_a_value() {
        let (serve, log) = (environment(&[]).serve(ServeFlags::default()), environment(&[]).log(&LogFlags::default()));
        let (serve, log) = (serve.unwrap(), log.unwrap());
        assert_eq!((serve.address.to_string().as_str(), serve.no_banner), ("127.0.0.1:8080", false));
        assert_eq!(serve.public_url, None);
        assert_eq!((log.format, log.filter.as_str(), log.no_color), (LogFormat::Auto, "info", false));
    }

    #[test]
    fn a_flag_goes_before_a_variable_and_a_variable_before_the_default() {
        let both = [("APP_PORT", "3"), ("PORT", "4"), ("APP_BIND", "::1")];
        assert_eq!(address(&both, Some(2)), "[::1]:2");
        assert_eq!(address(&both, None), "[::1]:3");
        assert_eq!(address(&both[1..2], None), "127.0.0.1:4");
        assert_eq!(address(&[("APP_PORT", ""), ("PORT", "4")], None), "127.0.0.1:4");
    }

    #[test]
    fn a_bad_value_is_named_with_what_is_expected() {
        for (variable, value, message) in [
            ("APP_PORT", "http", "APP_PORT is \"http\": expected a number from 0 to 65535"),
            ("PORT", "65536", "PORT is \"65536\": expected a number from 0 to 65535"),
            ("APP_BIND", "localhost", "APP_BIND is \"localhost\": expected an IP address, such as 127.0.0.1 or ::1"),
            (
                "APP_PUBLIC_URL",
                "api.example.com",
                "APP_PUBLIC_URL is \"api.example.com\": expected an http or https URL",
            ),
            ("APP_NO_BANNER", "maybe", "APP_NO_BANNER is \"maybe\": expected true or false"),
        ] {
            let error = environment(&[(variable, value)]).serve(ServeFlags::default()).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        let error = environment(&[("APP_LOG_LEVEL", "loud")]).log(&LogFlags::default()).unwrap_err();
        assert_eq!(error.to_string(), "APP_LOG_LEVEL is \"loud\": expected off, error, warn, info, debug or trace");
    }

    #[test]
    fn rust_log_goes_before_the_level() {
        let flags = LogFlags { format: None, level: Some(LogLevel::Debug) };
        assert_eq!(environment(&[("RUST_LOG", "rpc_core=trace")]).log(&flags).unwrap().filter, "rpc_core=trace");
        assert_eq!(environment(&[("APP_LOG_LEVEL", "warn")]).log(&flags).unwrap().filter, "debug");
        assert!(environment(&[("NO_COLOR", "1")]).log(&flags).unwrap().no_color);
    }

    #[test]
    fn a_misspelt_variable_is_seen() {
        let environment =
            environment(&[("APP_PROT", "1"), ("APP_PORT", "2"), ("APP_SERVICE_HOST", "x"), ("HOME", "/")]);
        let unknown: Vec<_> = environment.unknown().collect();
        assert_eq!(unknown, [("APP_PROT", Some("APP_PORT".to_owned())), ("APP_SERVICE_HOST", None)]);
    }
}
