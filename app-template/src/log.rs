//! The log, on stderr.

mod json;

use std::io::{self, IsTerminal};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use self::json::{JsonFields, JsonLines};
use crate::config::{LogFormat, LogSettings};
use crate::failure::{Exit, Failure};

/// For whom the process writes to stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Somebody at a terminal, who reads sentences.
    People,
    /// A program, or a file: every event is a record.
    Programs,
}

/// Begins to log.
pub(crate) fn start(settings: &LogSettings) -> Result<Audience, Failure> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|error| Failure::new(Exit::Configuration, format!("RUST_LOG is \"{}\": {error}", settings.filter)))?;
    let is_terminal = io::stderr().is_terminal();
    let format = match settings.format {
        LogFormat::Auto if is_terminal => LogFormat::Compact,
        LogFormat::Auto => LogFormat::Json,
        chosen => chosen,
    };
    let subscriber = tracing_subscriber::registry().with(layer(format, is_terminal && !settings.no_color)).with(filter);
    subscriber.try_init().map_err(|error| Failure::new(Exit::Failure, format!("the log cannot start: {error}")))?;
    Ok(if is_terminal && format != LogFormat::Json { Audience::People } else { Audience::Programs })
}

fn layer(format: LogFormat, colours: bool) -> Box<dyn Layer<Registry> + Send + Sync> {
    let layer = fmt::layer().with_writer(io::stderr).with_ansi(colours);
    match format {
        LogFormat::Json => layer.with_ansi(false).fmt_fields(JsonFields).event_format(JsonLines).boxed(),
        LogFormat::Pretty => layer.pretty().boxed(),
        LogFormat::Compact | LogFormat::Auto => layer.compact().boxed(),
    }
}
