//! The settings of the log.

use super::error::ConfigError;
use super::layers::{Layers, Reader};
use super::setting::LogFormat;
use super::table::{LOG_FORMAT, LOG_LEVEL};

/// What to log, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogSettings {
    pub(crate) format: LogFormat,
    /// Directives of `RUST_LOG`, or a level.
    pub(crate) filter: String,
    /// Whether colours are refused (see no-color.org).
    pub(crate) no_color: bool,
}

impl Layers {
    /// The settings of the log.
    pub(crate) fn log(&self) -> Result<LogSettings, ConfigError> {
        let mut reader = Reader::new(self);
        let (format, level) = (reader.required(&LOG_FORMAT), reader.required(&LOG_LEVEL));
        reader.faults.finish()?;
        let variable = |name| self.environment().value(name);
        Ok(LogSettings {
            format,
            filter: variable("RUST_LOG").unwrap_or(level.name()).to_owned(),
            no_color: variable("NO_COLOR").is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Layers;

    #[test]
    fn rust_log_goes_before_the_level() {
        let log = |variables| Layers::of(&[("log-level", "debug")], variables, "").unwrap().log().unwrap();
        assert_eq!(log(&[("RUST_LOG", "rpc_core=trace")]).filter, "rpc_core=trace");
        assert_eq!(log(&[("APP_LOG_LEVEL", "warn")]).filter, "debug");
        assert!(log(&[("NO_COLOR", "1")]).no_color);
    }
}
