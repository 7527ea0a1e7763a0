//! All counters, read once for one answer.

use std::collections::BTreeMap;
use std::time::Duration;

use rpc_auth::{CacheCounters, HasherCounters};
use rpc_calllog::CallLogCounters;
use rpc_core::http::Connections;
use rpc_core::{CallCounts, ResourceUse};

use super::{DatabaseCounts, Sources};
use crate::log::Lines;
use crate::mail::MailCounters;

/// What the parts of the application have counted.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) methods: Vec<OfMethod>,
    pub(super) connections: Option<usize>,
    pub(super) websockets: usize,
    pub(super) resources: Vec<ResourceUse>,
    pub(super) events_refused: u64,
    pub(super) cache: CacheCounters,
    pub(super) hasher: HasherCounters,
    pub(super) mails: MailCounters,
    pub(super) call_log: CallLogCounters,
    /// Calls that were not logged, by method: of each that is logged, also where there are none.
    pub(super) unlogged: BTreeMap<&'static str, u64>,
    pub(super) database: Option<DatabaseCounts>,
    /// Lines of the log that were not written.
    pub(super) unwritten: Option<u64>,
    /// Since the Unix epoch.
    pub(super) started: Duration,
    pub(super) uptime: Duration,
}

/// What a method has counted.
#[derive(Debug)]
pub(super) struct OfMethod {
    pub(super) path: &'static str,
    pub(super) active: u32,
    pub(super) counts: CallCounts,
}

impl Snapshot {
    pub(super) fn take(sources: &Sources) -> Self {
        let Sources { app, api, connections, database, log, started: (started, since) } = sources;
        let methods = api.methods().filter_map(|method| {
            let (path, active, counts) = (method.path(), method.active_calls(), method.counts()?);
            Some(OfMethod { path, active, counts })
        });
        let logged = api.methods().filter(|method| method.is_logged()).map(|method| (method.path(), 0));
        Self {
            methods: methods.collect(),
            connections: connections.as_ref().map(Connections::open),
            websockets: api.websockets(),
            resources: api.resources().into_iter().collect(),
            events_refused: api.events_refused(),
            cache: app.accounts().cache_counters(),
            hasher: app.accounts().hasher().counters(),
            mails: app.mails().outbox().counters(),
            call_log: app.calls().counters(),
            unlogged: logged.chain(app.calls().drops()).collect(),
            database: database.as_ref().map(|count| count()),
            unwritten: log.as_ref().map(Lines::dropped),
            started: *started,
            uptime: app.clock().elapsed().saturating_sub(*since),
        }
    }
}
