//! Where the database is.

use std::fmt;

use url::Url;

use super::Setting;

/// The URL of a Postgres database. It may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DatabaseUrl(String);

impl DatabaseUrl {
    #[cfg(feature = "postgres")]
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

impl Setting for DatabaseUrl {
    const KIND: &'static str = "URL";
    const EXPECTED: &'static str = "the URL of a Postgres database, such as postgres://user@host/name";

    fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        ["postgres", "postgresql"].contains(&url.scheme()).then(|| Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{DatabaseUrl, Setting};

    #[test]
    fn a_database_is_one_of_postgres() {
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
