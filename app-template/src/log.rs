//! The log, on stderr.

mod json;
mod spans;

use std::fmt;
use std::io::{self, IsTerminal};

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Filter, Layered, SubscriberExt};
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry};

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
    let is_terminal = io::stderr().is_terminal();
    let format = match settings.format {
        LogFormat::Auto if is_terminal => LogFormat::Compact,
        LogFormat::Auto => LogFormat::Json,
        chosen => chosen,
    };
    let cannot = |error: &dyn fmt::Display| Failure::new(Exit::Failure, format!("the log cannot start: {error}"));
    let spans = Spans::start(endpoint).map_err(|error| cannot(&error))?;
    let log = layer(format, is_terminal && !settings.no_color);
    let started = match settings.filter.parse::<LevelFilter>() {
        // A level alone, as nearly always, need not follow each span.
        Ok(level) => listen(log, level, spans.layer()),
        Err(_) => {
            let filter = EnvFilter::try_new(&settings.filter).map_err(|error| {
                Failure::new(Exit::Configuration, format!("RUST_LOG is \"{}\": {error}", settings.filter))
            })?;
            listen(log, filter, spans.layer())
        }
    };
    started.map_err(|error| cannot(&error))?;
    let audience = if is_terminal && format != LogFormat::Json { Audience::People } else { Audience::Programs };
    Ok((audience, spans))
}

/// Has events told to the log, as far as a filter lets them through, and spans to whoever sends them.
fn listen<F>(log: BoxedLayer, filter: F, sent: Option<BoxedLayer>) -> Result<(), TryInitError>
where
    F: Filter<Registry> + Layer<Layered<BoxedLayer, Registry>> + Send + Sync + 'static,
{
    let registry = tracing_subscriber::registry();
    match sent {
        // The filter is for the log alone: what is sent elsewhere does not depend on it.
        Some(sent) => registry.with(vec![sent, log.with_filter(filter).boxed()]).try_init(),
        // One for everybody is asked once; one of a single layer looks a span up whenever anything happens to it.
        None => registry.with(log).with(filter).try_init(),
    }
}

fn layer(format: LogFormat, colours: bool) -> BoxedLayer {
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(colours);
    match format {
        LogFormat::Json => layer.with_ansi(false).fmt_fields(JsonFields).event_format(JsonLines).boxed(),
        LogFormat::Pretty => layer.pretty().boxed(),
        LogFormat::Compact | LogFormat::Auto => layer.compact().boxed(),
    }
}
