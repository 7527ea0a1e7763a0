//! The log, on stderr.

mod json;
mod spans;

use std::fmt;
use std::io::{self, IsTerminal};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use self::json::{JsonFields, JsonLines};
use self::spans::BoxedLayer;
pub(crate) use self::spans::Spans;
use crate::config::{HttpUrl, LogFormat, LogSettings};
use crate::failure::{Exit, Failure};

/// For whom the process writes to stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Somebody at a terminal, who reads sentences.
    People,
    /// A program, or a file: every event is a record.
    Programs,
}

/// Begins to log, and to send spans to an endpoint.
pub(crate) fn start(settings: &LogSettings, endpoint: Option<&HttpUrl>) -> Result<(Audience, Spans), Failure> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|error| Failure::new(Exit::Configuration, format!("RUST_LOG is \"{}\": {error}", settings.filter)))?;
    let is_terminal = io::stderr().is_terminal();
    let format = match settings.format {
        LogFormat::Auto if is_terminal => LogFormat::Compact,
        LogFormat::Auto => LogFormat::Json,
        chosen => chosen,
    };
    let cannot = |error: &dyn fmt::Display| Failure::new(Exit::Failure, format!("the log cannot start: {error}"));
    let spans = Spans::start(endpoint).map_err(|error| cannot(&error))?;
    // The level is for the log alone: what is sent elsewhere does not depend on it.
    let log = layer(format, is_terminal && !settings.no_color).with_filter(filter).boxed();
    let layers: Vec<BoxedLayer> = spans.layer().into_iter().chain([log]).collect();
    let subscriber = tracing_subscriber::registry().with(layers);
    subscriber.try_init().map_err(|error| cannot(&error))?;
    let audience = if is_terminal && format != LogFormat::Json { Audience::People } else { Audience::Programs };
    Ok((audience, spans))
}

fn layer(format: LogFormat, colours: bool) -> BoxedLayer {
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(colours);
    match format {
        LogFormat::Json => layer.with_ansi(false).fmt_fields(JsonFields).event_format(JsonLines).boxed(),
        LogFormat::Pretty => layer.pretty().boxed(),
        LogFormat::Compact | LogFormat::Auto => layer.compact().boxed(),
    }
}
