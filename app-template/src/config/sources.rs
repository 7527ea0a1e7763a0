//! Sources of configuration: a flag, else a variable, else the file, else the default.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::error::{ConfigError, Faults};
use super::file::ConfigFile;
use super::found::{Found, Source};
use super::option::{ConfigOption, OptionSpec};
use super::value::OptionValue;
use crate::naming;

/// What the command line sets: texts by the names of options.
pub(crate) type Flags = BTreeMap<&'static str, String>;

/// All sources of configuration.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    flags: Flags,
    environment: Environment,
    pub(super) file: Option<ConfigFile>,
}

impl Sources {
    /// Reads the file: the given one, or the one that a variable names, or the one that lies here, or none.
    pub(crate) fn read(flags: Flags, environment: Environment, file: Option<PathBuf>) -> Result<Self, ConfigError> {
        let named = file.or_else(|| environment.value(&naming::config_variable()).map(PathBuf::from));
        let here = naming::config_file();
        let path = named.or_else(|| Path::new(&here).is_file().then(|| PathBuf::from(&here)));
        let file = path.map(|path| ConfigFile::read(&path)).transpose()?;
        Ok(Self { flags, environment, file })
    }

    /// The variables of the process.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The name of the file that was read.
    pub(crate) fn file_name(&self) -> Option<&str> {
        self.file.as_ref().map(ConfigFile::name)
    }

    /// What sets an option, if anything does.
    pub(super) fn find(&self, spec: &OptionSpec) -> Result<Option<Found>, String> {
        let flag = self.flags.get_key_value(spec.name);
        if let Some((name, text)) = flag {
            return Ok(Some(Found { text: text.clone(), source: Source::Flag(name) }));
        }
        let found = self.environment.find(spec)?;
        let line = || self.file.as_ref()?.value(spec).map(Found::from);
        Ok(found.or_else(line).filter(|found| !found.text.is_empty()))
    }

    #[cfg(test)]
    pub(super) fn of(
        flags: &[(&'static str, &str)],
        variables: &[(&str, &str)],
        file: &str,
    ) -> Result<Self, ConfigError> {
        let flags = flags.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        let file = ConfigFile::parse("app.toml", file)?;
        Ok(Self { flags, environment: Environment::of(variables), file: Some(file) })
    }
}

/// Reads values one by one, and reports all that is wrong with them at the end.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) sources: &'a Sources,
    pub(super) faults: Faults,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self { sources, faults: Faults::default() }
    }

    /// What sets an option.
    pub(super) fn found(&mut self, spec: &OptionSpec) -> Option<Found> {
        self.sources.find(spec).unwrap_or_else(|fault| {
            self.faults.add(fault);
            None
        })
    }

    /// The value of an option, which may have none. In place of a bad one stands the default.
    pub(super) fn optional<T: OptionValue>(&mut self, option: &ConfigOption<T>) -> Option<T> {
        let Some(found) = self.found(&option.spec) else {
            return Some(option.spec.default).filter(|text| !text.is_empty()).and_then(T::parse);
        };
        let value = option.parse(&found.text);
        if value.is_none() {
            self.faults.add(found.bad(&option.spec));
        }
        value.or_else(|| T::parse(option.spec.default))
    }

    /// The value of an option with a default.
    pub(super) fn required<T: OptionValue>(&mut self, option: &ConfigOption<T>) -> T {
        self.optional(option).expect("the test `every_default_is_a_value` holds the defaults to their types")
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, Sources};
    use crate::config::table::{BIND, PORT, SECRET_KEY};

    fn port(flags: &[(&'static str, &str)], variables: &[(&str, &str)], file: &str) -> (u16, String) {
        let sources = Sources::of(flags, variables, file).unwrap();
        let source = sources.find(&PORT.spec).unwrap().map_or("default".to_owned(), |found| found.source.to_string());
        let mut reader = Reader::new(&sources);
        let port = reader.required(&PORT);
        reader.faults.finish().unwrap();
        (port, source)
    }

    #[test]
    fn a_flag_goes_before_a_variable_and_a_variable_before_the_file_and_the_file_before_the_default() {
        let (flags, variables, file) = ([("port", "1")], [("APP_PORT", "2"), ("PORT", "3")], "\nport = 4");
        assert_eq!(port(&flags, &variables, file), (1, "--port".to_owned()));
        assert_eq!(port(&[], &variables, file), (2, "APP_PORT".to_owned()));
        assert_eq!(port(&[], &variables[1..], file), (3, "PORT".to_owned()));
        assert_eq!(port(&[], &[("APP_PORT", "")], file), (4, "app.toml:2".to_owned()));
        assert_eq!(port(&[], &[], ""), (8080, "default".to_owned()));
    }

    #[test]
    fn a_variable_can_name_a_file_with_the_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("port");
        let name = path.to_str().unwrap();
        for (content, fault) in [
            ("5\n", None),
            ("5\r\n", None),
            ("5", None),
            ("5\n\n", Some("the content of APP_PORT_FILE is \"5\n\": expected a number from 0 to 65535".to_owned())),
            ("\n", Some(format!("APP_PORT_FILE: {name} is empty"))),
        ] {
            std::fs::write(&path, content).unwrap();
            let variables = [("APP_PORT_FILE", name), ("PORT", "6")];
            let sources = Sources::of(&[], &variables, "port = 7").unwrap();
            let mut reader = Reader::new(&sources);
            let port = reader.required(&PORT);
            let result = reader.faults.finish();
            assert_eq!(result.clone().err().map(|error| error.to_string()), fault, "{content:?}");
            assert!(result.is_err() || port == 5, "{content:?}");
        }
        let sources = Sources::of(&[], &[("APP_PORT_FILE", name), ("APP_PORT", "1")], "").unwrap();
        assert_eq!(
            sources.find(&PORT.spec),
            Err("APP_PORT and APP_PORT_FILE are both set: unset one of them".to_owned())
        );
        let missing = Sources::of(&[], &[("APP_PORT_FILE", "/no/such")], "").unwrap();
        assert!(missing.find(&PORT.spec).unwrap_err().starts_with("APP_PORT_FILE: /no/such cannot be read: "));
    }

    #[test]
    fn bad_values_are_named_all_at_once_with_what_is_expected_and_secrets_are_not_shown() {
        let file = "public-url = \"api.example.com\"\n\ndrain-time = 10";
        let error = Sources::of(&[], &[], file).unwrap_err().to_string();
        let lines = [
            "app.toml:1: public-url is \"api.example.com\": expected an http or https URL",
            "  app.toml:3: drain-time is \"10\": expected a time, such as 250ms, 30s, 15min, 24h or 30days, from 10ms to 1h",
        ];
        assert_eq!(error, lines.join("\n"));
        let sources = Sources::of(&[], &[("APP_BIND", "localhost"), ("APP_SECRET_KEY", "canary")], "").unwrap();
        let mut reader = Reader::new(&sources);
        let _ = (reader.optional(&BIND), reader.optional(&SECRET_KEY));
        let lines = [
            "APP_BIND is \"localhost\": expected an IP address, such as 127.0.0.1 or ::1",
            "  APP_SECRET_KEY: expected 32 bytes in Base64, as `openssl rand -base64 32` prints them",
        ];
        assert_eq!(reader.faults.finish().unwrap_err().to_string(), lines.join("\n"));
    }
}
