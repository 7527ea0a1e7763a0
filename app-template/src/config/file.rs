//! The configuration file, in TOML: every value with the line that it stands in.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::error::{ConfigError, Faults, hint};
use super::found::{Found, Source};
use super::option::OptionSpec;
use super::own::options;
use super::table::METHOD_OPTIONS;

/// The key of the tables of methods.
const METHODS: &str = "methods";

/// A configuration file that was read.
#[derive(Debug)]
pub(super) struct ConfigFile {
    name: String,
    values: Vec<Entry>,
    pub(super) methods: Vec<MethodTable>,
}

/// A value in its text form.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    key: &'static str,
    pub(super) text: String,
    pub(super) location: String,
}

impl From<&Entry> for Found {
    fn from(entry: &Entry) -> Self {
        Self { text: entry.text.clone(), source: Source::Line(entry.location.clone()) }
    }
}

/// The limits of one method.
#[derive(Debug)]
pub(super) struct MethodTable {
    pub(super) path: String,
    pub(super) location: String,
    values: Vec<Entry>,
}

impl ConfigFile {
    /// Reads a file. Reports all that is wrong in it at once.
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let name = shown(path);
        let content = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::one(format!("{name} cannot be read: {error}")))?;
        Self::parse(&name, &content)
    }

    pub(super) fn parse(name: &str, content: &str) -> Result<Self, ConfigError> {
        let mut reader = Reader { name, content, faults: Faults::default() };
        let table = DeTable::parse(content).map_err(|error| {
            let location = reader.location(&error.span().unwrap_or_default());
            ConfigError::one(format!("{location}: {}", error.message()))
        })?;
        let mut file = Self { name: name.to_owned(), values: Vec::new(), methods: Vec::new() };
        for (key, value) in in_order(table.get_ref()) {
            match value.get_ref() {
                DeValue::Table(tables) if key.get_ref() == METHODS => file.methods = reader.methods(tables),
                _ if key.get_ref() == METHODS => {
                    let location = reader.location(&key.span());
                    reader
                        .faults
                        .add(format!("{location}: {METHODS} is no value: expected [{METHODS}.\"/v1/…\"] tables"));
                }
                _ => file.values.extend(reader.entry(options(), key, value)),
            }
        }
        reader.faults.finish().map(|()| file)
    }

    /// The value of an option.
    pub(super) fn value(&self, spec: &OptionSpec) -> Option<&Entry> {
        find(&self.values, spec)
    }

    /// The name of the file, as it was given.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl MethodTable {
    /// The value of an option.
    pub(super) fn value(&self, spec: &OptionSpec) -> Option<&Entry> {
        find(&self.values, spec)
    }
}

fn find<'a>(entries: &'a [Entry], spec: &OptionSpec) -> Option<&'a Entry> {
    entries.iter().find(|entry| entry.key == spec.name)
}

struct Reader<'a> {
    name: &'a str,
    content: &'a str,
    faults: Faults,
}

impl Reader<'_> {
    fn methods(&mut self, tables: &DeTable<'_>) -> Vec<MethodTable> {
        let mut methods = Vec::new();
        for (path, table) in in_order(tables) {
            let location = self.location(&path.span());
            let DeValue::Table(values) = table.get_ref() else {
                self.faults
                    .add(format!("{location}: {path} is no table: expected limits of a method", path = path.get_ref()));
                continue;
            };
            let values = in_order(values).into_iter().filter_map(|(key, value)| self.entry(METHOD_OPTIONS, key, value));
            let values = values.collect();
            methods.push(MethodTable { path: path.get_ref().to_string(), location, values });
        }
        methods
    }

    /// A value, if its key is known and it has a text form.
    fn entry(
        &mut self,
        keys: &'static [&'static OptionSpec],
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Entry> {
        let (name, location) = (key.get_ref(), self.location(&key.span()));
        let Some(spec) = keys.iter().find(|spec| spec.name == name) else {
            let meant = hint(name, keys.iter().map(|spec| spec.name.to_owned()), "\"");
            self.faults.add(format!("{location}: unknown key \"{name}\"{meant}"));
            return None;
        };
        let Some(text) = text(value.get_ref(), spec.is_list) else {
            self.faults.add(format!("{location}: {name}: expected {}", spec.expected()));
            return None;
        };
        let entry = Entry { key: spec.name, text, location };
        if !entry.text.is_empty() && !spec.takes(&entry.text) {
            self.faults.add(Found::from(&entry).bad(spec));
        }
        Some(entry)
    }

    /// `app.toml:12`
    fn location(&self, span: &Range<usize>) -> String {
        let line = self.content.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1;
        format!("{}:{line}", self.name)
    }
}

/// The entries of a table, as they stand in the file.
fn in_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<(&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// The text form of a value: what a variable would hold.
fn text(value: &DeValue<'_>, is_list: bool) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number.to_string())
        }
        DeValue::Boolean(switch) => Some(switch.to_string()),
        DeValue::Array(items) if is_list => {
            let items: Option<Vec<String>> = items.iter().map(|item| text(item.get_ref(), false)).collect();
            items.map(|items| items.join(","))
        }
        _ => None,
    }
}

fn shown(path: &Path) -> String {
    let path: PathBuf = path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect();
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::ConfigFile;
    use crate::config::table::{ALLOWED_ORIGINS, METHOD_CONCURRENCY, METHOD_RATE, PORT};

    fn faults(content: &str) -> String {
        ConfigFile::parse("app.toml", content).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_what_may_have_been_meant() {
        for (content, message) in [
            ("# x\nprot = 1\n", "app.toml:2: unknown key \"prot\" (did you mean \"port\"?)"),
            ("nonsense = 1", "app.toml:1: unknown key \"nonsense\""),
            ("port = 1\nport = 2", "app.toml:2: duplicate key"),
            ("port = \"http\"", "app.toml:1: port is \"http\": expected a number from 0 to 65535"),
            ("port = [1]", "app.toml:1: port: expected a number from 0 to 65535"),
            ("\n[port]\na = 1", "app.toml:2: port: expected a number from 0 to 65535"),
            (
                "drain-time = 1.5",
                "app.toml:1: drain-time: expected a time, such as 250ms, 30s, 15min, 24h or 30days, from 10ms to 1h",
            ),
            ("methods = 1", "app.toml:1: methods is no value: expected [methods.\"/v1/…\"] tables"),
            ("[methods]\n\"/v1/a/b\" = 1", "app.toml:2: /v1/a/b is no table: expected limits of a method"),
            (
                "[methods.\"/v1/a/b\"]\nconcurency = 1",
                "app.toml:2: unknown key \"concurency\" (did you mean \"concurrency\"?)",
            ),
            (
                "a = 1\nb = 2\nc = 3\nd = 4",
                "app.toml:1: unknown key \"a\"\n  app.toml:2: unknown key \"b\"\n  app.toml:3: unknown key \"c\" (and 1 more)",
            ),
        ] {
            assert_eq!(faults(content), message, "{content}");
        }
        assert!(faults("port = \n").starts_with("app.toml:1: "));
    }

    #[test]
    fn values_have_the_texts_that_variables_would_hold() {
        let content = "port = 0x10\nallowed-origins = [\"https://a\", \"https://b\"]\n[methods.\"/v1/a/b\"]\nconcurrency = 2\nrate = \"1/s\"";
        let file = ConfigFile::parse("app.toml", content).unwrap();
        let value = |spec| file.value(spec).map(|entry| (entry.text.as_str(), entry.location.as_str()));
        assert_eq!(value(&PORT.spec), Some(("16", "app.toml:1")));
        assert_eq!(value(&ALLOWED_ORIGINS.spec), Some(("https://a,https://b", "app.toml:2")));
        let method = &file.methods[0];
        assert_eq!((method.path.as_str(), method.location.as_str()), ("/v1/a/b", "app.toml:3"));
        assert_eq!(method.value(&METHOD_CONCURRENCY.spec).map(|entry| entry.text.as_str()), Some("2"));
        assert_eq!(method.value(&METHOD_RATE.spec).map(|entry| entry.location.as_str()), Some("app.toml:5"));
    }
}
