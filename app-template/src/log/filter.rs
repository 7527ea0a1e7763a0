//! Which events are logged.

use tracing::Metadata;
use tracing_subscriber::filter::{FilterExt, FilterFn, LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer};

use super::spans::BoxedLayer;
use crate::failure::{Exit, Failure};

/// The target of events that are logged whatever the level and `RUST_LOG` say: they are logged once, and would be lost.
pub(crate) const ALWAYS: &str = "app_template::always";

/// What is logged.
pub(super) enum Filter {
    /// Events of a level and above: the usual case.
    Level(LevelFilter),
    /// What directives say, which may ask for single spans.
    Directives(Box<EnvFilter>),
}

impl Filter {
    pub(super) fn of(text: &str) -> Result<Self, Failure> {
        if let Ok(level) = text.parse() {
            return Ok(Self::Level(level));
        }
        let refuse = |error| Failure::new(Exit::Configuration, format!("RUST_LOG is \"{text}\": {error}"));
        Ok(Self::Directives(Box::new(EnvFilter::try_new(text).map_err(refuse)?)))
    }

    /// Starts the log with the events that are let through, and whoever sends spans with all of them.
    pub(super) fn start(self, log: BoxedLayer, sent: Option<BoxedLayer>) -> Result<(), TryInitError> {
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

/// Lets through events of a level and above, and those that are always logged.
fn up_to(level: LevelFilter) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    filter_fn(move |metadata| *metadata.level() <= level || metadata.target() == ALWAYS)
        .with_max_level_hint(level.max(LevelFilter::WARN))
}
