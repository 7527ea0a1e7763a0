//! How much is logged, and in what form.

use super::OptionValue;

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

impl OptionValue for LogFormat {
    const KIND: &'static str = "format";
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

impl OptionValue for LogLevel {
    const KIND: &'static str = "level";
    const EXPECTED: &'static str = "off, error, warn, info, debug or trace";

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == text)
    }
}
