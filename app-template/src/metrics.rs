//! What an operator's Prometheus reads of a running application. The parts only count; what they counted becomes metrics when
//! somebody asks, so that a call pays for a few additions.

mod database;
mod document;
mod sample;
mod server;
mod snapshot;
mod table;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rpc_core::Api;
use rpc_core::http::Connections;

pub(crate) use self::database::DatabaseCounter;
pub use self::database::DatabaseCounts;
pub(crate) use self::document::markdown;
pub(crate) use self::server::MetricsServer;
use self::snapshot::Snapshot;
use crate::app::App;
use crate::log::Lines;

/// The metrics of an application and its API, in the text format of Prometheus. Clones are the same metrics.
#[derive(Clone)]
pub struct Metrics(Arc<Sources>);

#[derive(Clone)]
struct Sources {
    app: App,
    api: Api,
    connections: Option<Connections>,
    database: Option<DatabaseCounter>,
    log: Option<Lines>,
    /// Since the Unix epoch, and by the clock that is never set.
    started: (Duration, Duration),
}

impl Metrics {
    /// Metrics of an application that starts now. Calls are among them when the API [counts](rpc_core::ApiBuilder::counted)
    /// them.
    #[must_use]
    pub fn new(app: &App, api: &Api) -> Self {
        let started = (app.clock().now(), app.clock().elapsed());
        Self(Arc::new(Sources {
            app: app.clone(),
            api: api.clone(),
            connections: None,
            database: None,
            log: None,
            started,
        }))
    }

    /// Adds the connections of the server.
    #[must_use]
    pub fn connections(mut self, connections: Connections) -> Self {
        Arc::make_mut(&mut self.0).connections = Some(connections);
        self
    }

    /// Adds those of a database.
    #[must_use]
    pub fn database(self, counts: impl Fn() -> DatabaseCounts + Send + Sync + 'static) -> Self {
        self.with_database(Some(Arc::new(counts)))
    }

    pub(crate) fn with_database(mut self, counter: Option<DatabaseCounter>) -> Self {
        Arc::make_mut(&mut self.0).database = counter;
        self
    }

    /// Adds the lines of the log.
    pub(crate) fn with_log(mut self, lines: Lines) -> Self {
        Arc::make_mut(&mut self.0).log = Some(lines);
        self
    }

    /// All metrics, as they are now.
    #[must_use]
    pub fn text(&self) -> String {
        sample::encode(table::METRICS, &Snapshot::take(&self.0))
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("api", &self.0.api).finish_non_exhaustive()
    }
}
