//! The configuration of the log.

use super::error::ConfigError;
use super::sources::{Reader, Sources};
use super::table::{LOG_FORMAT, LOG_LEVEL, OTLP_ENDPOINT};
use super::value::{HttpUrl, LogFormat};

/// What to log, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogConfig {
    pub(crate) format: LogFormat,
    /// Directives of `RUST_LOG`, or a level.
    pub(crate) filter: String,
    /// Whether colours are refused (see no-color.org).
    pub(crate) no_color: bool,
}

impl Sources {
    /// The configuration of the log.
    pub(crate) fn log(&self) -> Result<LogConfig, ConfigError> {
        let mut reader = Reader::new(self);
        let (format, level) = (reader.required(&LOG_FORMAT), reader.required(&LOG_LEVEL));
        reader.faults.finish()?;
        let variable = |name| self.environment().value(name);
        Ok(LogConfig {
            format,
            filter: variable("RUST_LOG").unwrap_or(level.name()).to_owned(),
            no_color: variable("NO_COLOR").is_some(),
        })
    }

    /// Where spans of calls are sent.
    pub(crate) fn spans(&self) -> Result<Option<HttpUrl>, ConfigError> {
        let mut reader = Reader::new(self);
        let endpoint = reader.optional(&OTLP_ENDPOINT);
        if let Some(found) = reader.found(&OTLP_ENDPOINT.spec)
            && !cfg!(feature = "otel")
        {
            reader.faults.add(format!("{}: this program was built without the feature `otel`", found.source));
        }
        reader.faults.finish().map(|()| endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::Sources;

    #[test]
    fn an_endpoint_for_spans_is_for_programs_that_can_send_them() {
        let spans = |url| Sources::of(&[], &[("APP_OTLP_ENDPOINT", url)], "").unwrap().spans();
        assert_eq!(spans(""), Ok(None));
        let expected = "APP_OTLP_ENDPOINT: this program was built without the feature `otel`";
        match spans("http://127.0.0.1:4318") {
            Ok(url) => assert!(cfg!(feature = "otel") && url.is_some()),
            Err(error) => assert!(!cfg!(feature = "otel") && error.to_string() == expected, "{error}"),
        }
        let error = spans("https://collector.example.com").unwrap_err().to_string();
        assert!(error.contains("expected an http URL"), "{error}");
    }

    #[test]
    fn rust_log_goes_before_the_level() {
        let log = |variables| Sources::of(&[("log-level", "debug")], variables, "").unwrap().log().unwrap();
        assert_eq!(log(&[("RUST_LOG", "rpc_core=trace")]).filter, "rpc_core=trace");
        assert_eq!(log(&[("APP_LOG_LEVEL", "warn")]).filter, "debug");
        assert!(log(&[("NO_COLOR", "1")]).no_color);
    }
}
