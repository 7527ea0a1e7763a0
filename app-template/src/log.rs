//! The log, on stderr.

mod json;
mod lines;
mod panics;
mod spans;

use std::fmt;
use std::io::{self, IsTerminal};

use tracing::Metadata;
use tracing_subscriber::filter::{FilterExt, FilterFn, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer};

use self::json::{JsonFields, JsonLines};
pub(crate) use self::lines::{LastLines, Lines};
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

/// The target of events that are logged whatever the level and `RUST_LOG` say: what is told once and would be lost.
pub(crate) const ALWAYS: &str = "app_template::always";

/// The log, once it has begun.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) audience: Audience,
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
pub(crate) fn start(settings: &LogSettings, endpoint: Option<&HttpUrl>) -> Result<Log, Failure> {
    let filter = Filter::of(&settings.filter)?;
    let is_terminal = io::stderr().is_terminal();
    let format = match settings.format {
        LogFormat::Auto if is_terminal => LogFormat::Compact,
        LogFormat::Auto => LogFormat::Json,
        chosen => chosen,
    };
    let cannot = |error: &dyn fmt::Display| Failure::new(Exit::Failure, format!("the log cannot start: {error}"));
    let spans = Spans::start(endpoint).map_err(|error| cannot(&error))?;
    let lines = Lines::to(io::stderr()).map_err(|error| cannot(&error))?;
    let log = layer(format, is_terminal && !settings.no_color, lines.clone());
    filter.start(log, spans.layer()).map_err(|error| cannot(&error))?;
    panics::log();
    let audience = if is_terminal && format != LogFormat::Json { Audience::People } else { Audience::Programs };
    Ok(Log { audience, spans, lines })
}

/// What is logged.
enum Filter {
    /// What is as grave as a level: as nearly always.
    Level(LevelFilter),
    /// What directives say, which may ask for single spans.
    Directives(EnvFilter),
}

impl Filter {
    fn of(text: &str) -> Result<Self, Failure> {
        if let Ok(level) = text.parse() {
            return Ok(Self::Level(level));
        }
        let refuse = |error| Failure::new(Exit::Configuration, format!("RUST_LOG is \"{text}\": {error}"));
        Ok(Self::Directives(EnvFilter::try_new(text).map_err(refuse)?))
    }

    /// Has a log hear of events, as far as they are let through, and whoever sends spans of all of them.
    fn start(self, log: BoxedLayer, sent: Option<BoxedLayer>) -> Result<(), TryInitError> {
        let registry = tracing_subscriber::registry();
        let log = match (self, &sent) {
            // One for all layers is asked once; one of a single layer looks a span up whenever anything happens to it.
            (Self::Level(level), None) => return registry.with(log).with(up_to(level)).try_init(),
            (Self::Level(level), Some(_)) => log.with_filter(up_to(level)).boxed(),
            (Self::Directives(directives), _) => log.with_filter(directives.or(up_to(LevelFilter::OFF))).boxed(),
        };
        registry.with(sent.into_iter().chain([log]).collect::<Vec<_>>()).try_init()
    }
}

/// Lets through what is as grave as a level, and what is always told.
fn up_to(level: LevelFilter) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    filter_fn(move |metadata| *metadata.level() <= level || metadata.target() == ALWAYS)
        .with_max_level_hint(level.max(LevelFilter::WARN))
}

fn layer(format: LogFormat, colours: bool, lines: Lines) -> BoxedLayer {
    let layer = tracing_subscriber::fmt::layer().with_writer(lines).with_ansi(colours);
    match format {
        LogFormat::Json => layer.with_ansi(false).fmt_fields(JsonFields).event_format(JsonLines).boxed(),
        LogFormat::Pretty => layer.pretty().boxed(),
        LogFormat::Compact | LogFormat::Auto => layer.compact().boxed(),
    }
}
