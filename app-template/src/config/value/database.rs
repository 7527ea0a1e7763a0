//! Where the database is.

use std::fmt;

use url::Url;

use super::OptionValue;
use crate::storage::kind::{self, Kind};

/// The URL of a database. It may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DatabaseUrl {
    text: String,
    kind: Kind,
}

impl DatabaseUrl {
    #[allow(dead_code, reason = "backends read it, and a program may be built without any")]
    pub(crate) fn expose(&self) -> &str {
        &self.text
    }

    /// What kind of storage it names.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

impl OptionValue for DatabaseUrl {
    const KIND: &'static str = "URL";
    const EXPECTED: &'static str = kind::EXPECTED;

    fn parse(text: &str) -> Option<Self> {
        let kind = Kind::of(Url::parse(text).ok()?.scheme())?;
        Some(Self { text: text.to_owned(), kind })
    }
}

#[cfg(test)]
mod tests {
    use super::{DatabaseUrl, OptionValue};

    #[test]
    fn a_database_is_of_a_kind_that_is_known() {
        for (text, expected) in [
            ("postgres://ann:secret@db.example.com:5432/app?sslmode=verify-full", true),
            ("postgresql:///app?host=/run/postgresql", true),
            ("mysql://host/app", false),
            ("host=localhost dbname=app", false),
            ("app", false),
        ] {
            assert_eq!(DatabaseUrl::parse(text).is_some(), expected, "{text}");
        }
    }

    #[test]
    fn its_password_is_not_shown() {
        let url = DatabaseUrl::parse("postgres://ann:canary@host/app").unwrap();
        assert!(!format!("{url:?}").contains("canary"));
    }
}
