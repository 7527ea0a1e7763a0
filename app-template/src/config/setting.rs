//! The types of settings, each with the text forms that it takes.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use http::uri::Scheme;

/// A type that flags and variables are read into.
pub(crate) trait Setting: Sized {
    /// What it takes, for people: `true or false`.
    const EXPECTED: &'static str;

    /// Reads a text.
    fn parse(text: &str) -> Option<Self>;
}

/// Reads the value of a flag.
pub(crate) fn parse<T: Setting>(text: &str) -> Result<T, String> {
    T::parse(text).ok_or_else(|| format!("expected {}", T::EXPECTED))
}

impl Setting for IpAddr {
    const EXPECTED: &'static str = "an IP address, such as 127.0.0.1 or ::1";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for u16 {
    const EXPECTED: &'static str = "a number from 0 to 65535";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for bool {
    const EXPECTED: &'static str = "true or false";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Where the world reaches the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl(Uri);

impl PublicUrl {
    /// Whether what is sent there is encrypted on the way.
    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == Some(&Scheme::HTTPS)
    }
}

impl Setting for PublicUrl {
    const EXPECTED: &'static str = "an http or https URL";

    fn parse(text: &str) -> Option<Self> {
        let url: Uri = text.parse().ok()?;
        let is_web = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&url.scheme());
        (is_web && url.authority().is_some() && url.query().is_none()).then_some(Self(url))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// `Compact` on a terminal, else `Json`.
    Auto,
    /// A line an event, for people.
    Compact,
    /// Some lines an event, for people.
    Pretty,
    /// A JSON object an event, for programs.
    Json,
}

impl Setting for LogFormat {
    const EXPECTED: &'static str = "auto, compact, pretty or json";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "compact" => Some(Self::Compact),
            "pretty" => Some(Self::Pretty),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// From which level on events are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    const ALL: [Self; 6] = [Self::Off, Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl Setting for LogLevel {
    const EXPECTED: &'static str = "off, error, warn, info, debug or trace";

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::{PublicUrl, Setting};

    #[test]
    fn a_public_url_is_a_web_address() {
        for (text, expected) in [
            ("https://api.example.com", Some(true)),
            ("http://127.0.0.1:8080/app", Some(false)),
            ("ftp://example.com", None),
            ("example.com", None),
            ("/v1", None),
            ("https://", None),
            ("https://example.com/?a=1", None),
            ("", None),
        ] {
            assert_eq!(PublicUrl::parse(text).map(|url| url.is_https()), expected, "{text}");
        }
    }
}
