//! The log, on stderr.

mod filter;
mod json;
mod lines;
mod panics;
mod spans;

use std::fmt;
use std::io::{self, IsTerminal};

use tracing_subscriber::Layer;

pub(crate) use self::filter::ALWAYS;
use self::filter::Filter;
use self::json::{JsonFields, JsonLines};
pub(crate) use self::lines::{LastLines, Lines};
use self::spans::BoxedLayer;
pub(crate) use self::spans::Spans;
use crate::config::{HttpUrl, LogConfig, LogFormat};
use crate::failure::{Exit, Failure};

/// The form of the messages on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageFormat {
    /// Sentences, for somebody at a terminal.
    Sentences,
    /// Events of the log, for a program or a file.
    Events,
}

/// The log, once it has begun.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) message_format: MessageFormat,
    pub(crate) spans: Spans,
    pub(crate) lines: Lines,
}

impl Log {
    /// To be held until the last event is logged.
    pub(crate) fn last_lines(&self) -> LastLines {
        LastLines(self.lines.clone())
    }
}

/// Begins to log, and to send spans to an endpoint.
pub(crate) fn start(config: &LogConfig, endpoint: Option<&HttpUrl>) -> Result<Log, Failure> {
    let filter = Filter::of(&config.filter)?;
    let is_terminal = io::stderr().is_terminal();
    let format = match config.format {
        LogFormat::Auto if is_terminal => LogFormat::Compact,
        LogFormat::Auto => LogFormat::Json,
        chosen => chosen,
    };
    let cannot = |error: &dyn fmt::Display| Failure::new(Exit::Failure, format!("the log cannot start: {error}"));
    let spans = Spans::start(endpoint).map_err(|error| cannot(&error))?;
    let lines = Lines::to(io::stderr()).map_err(|error| cannot(&error))?;
    let log = layer(format, is_terminal && !config.no_color, lines.clone());
    filter.start(log, spans.layer()).map_err(|error| cannot(&error))?;
    panics::log();
    let message_format =
        if is_terminal && format != LogFormat::Json { MessageFormat::Sentences } else { MessageFormat::Events };
    Ok(Log { message_format, spans, lines })
}

fn layer(format: LogFormat, colours: bool, lines: Lines) -> BoxedLayer {
    let layer = tracing_subscriber::fmt::layer().with_writer(lines).with_ansi(colours);
    match format {
        LogFormat::Json => layer.with_ansi(false).fmt_fields(JsonFields).event_format(JsonLines).boxed(),
        LogFormat::Pretty => layer.pretty().boxed(),
        LogFormat::Compact | LogFormat::Auto => layer.compact().boxed(),
    }
}
