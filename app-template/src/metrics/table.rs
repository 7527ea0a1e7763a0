//! The one table of all metrics: what `/metrics` says and the document about it come from here.

use std::iter;

use rpc_core::{CallCounts, ResourceUse};

use super::DatabaseCounts;
use super::sample::{Kind, Metric, Sample, Value};
use super::snapshot::{OfMethod, Snapshot};
use crate::naming;

/// Declares metrics: name, kind, labels, meaning, and how each is read.
macro_rules! metrics {
    ($($name:literal: $kind:ident [$($label:literal),*] $text:literal, $read:expr;)*) => {
        &[$(Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], text: $text, read: $read },)*]
    };
}

/// Every metric.
pub(super) const METRICS: &[Metric] = metrics! {
    "rpc_calls": Counter ["method", "status"] "Calls that ended, by the status of the answer; 499 when the caller went away",
        |now| now.methods.iter().flat_map(by_status).collect();
    "rpc_calls_declined": Counter ["method"] "Calls that a limit or the stop of the server refused, of those that ended",
        |now| by_method(now, |method| Value::Count(method.counts.declined));
    "rpc_calls_panicked": Counter ["method"] "Calls whose handler panicked, of those that ended",
        |now| by_method(now, |method| Value::Count(method.counts.panicked));
    "rpc_calls_active": Gauge ["method"] "Calls that run now",
        |now| by_method(now, |method| Value::Level(method.active.into()));
    "rpc_call_duration_seconds": Histogram ["method"] "How long calls took, from their first stage to their end",
        |now| by_method(now, |method| times(&method.counts));
    "http_connections_open": Gauge [] "Connections that are open now, WebSockets not among them",
        |now| now.connections.into_iter().flat_map(level).collect();
    "websockets_open": Gauge [] "WebSockets that are open now",
        |now| level(now.websockets);
    "budget_held": Gauge ["resource"] "What is held for callers now, in bytes (memory) or pieces",
        |now| by_resource(now, |used| Value::Level(used.held as f64));
    "budget_limit": Gauge ["resource"] "How much of it may be held",
        |now| by_resource(now, |used| Value::Level(used.limit as f64));
    "budget_refused": Counter ["resource"] "How often there was no room, of a caller or of all",
        |now| by_resource(now, |used| Value::Count(used.refused));
    "budget_shed": Counter ["resource"] "Connections that were closed to make room for others",
        |now| by_resource(now, |used| Value::Count(used.shed));
    "events_refused": Counter [] "Events of other nodes that this one does not declare so, and that no client got",
        |now| count(now.events_refused);
    "auth_cache_hits": Counter [] "Tokens that were known when they were presented, bad ones included",
        |now| count(now.cache.hits);
    "auth_cache_misses": Counter [] "Tokens that the storage had to be asked about",
        |now| count(now.cache.misses);
    "auth_cache_entries": Gauge [] "Tokens that are known now",
        |now| level(now.cache.entries);
    "password_hashes": Counter [] "Password hashes that were begun",
        |now| count(now.hasher.hashes);
    "password_hashes_refused": Counter [] "Password hashes that were refused: too many others waited, or for too long",
        |now| count(now.hasher.refused);
    "password_hashes_running": Gauge [] "Password hashes that are computed now",
        |now| level(now.hasher.running);
    "password_hashes_waiting": Gauge [] "Callers that wait for their turn at a password hash now",
        |now| level(now.hasher.waiting);
    "mails_queued": Counter [] "Mails that were taken into the queue",
        |now| count(now.mails.queued);
    "mails_sent": Counter [] "Mails that were handed on",
        |now| count(now.mails.sent);
    "mails_retried": Counter [] "Attempts to send a mail that failed and were put off",
        |now| count(now.mails.retried);
    "mails_failed": Counter [] "Mails that were given up: refused for good, or for too long",
        |now| count(now.mails.failed);
    "mails_lost": Counter [] "Mails that were never tried to the end: there was no room, or the queue was stopped",
        |now| count(now.mails.dropped);
    "mails_waiting": Gauge [] "Mails that wait or are being sent now",
        |now| level(now.mails.waiting);
    "call_log_written": Counter [] "Calls that were written to the log of calls",
        |now| count(now.call_log.written);
    "call_log_dropped": Counter ["method"] "Calls that were not written to the log of calls: too many waited, or it was stopped",
        |now| now.unlogged.iter().map(|(path, calls)| Sample { labels: vec![(*path).to_owned()], value: Value::Count(*calls) }).collect();
    "call_log_refused": Counter [] "Calls that were not written to the log of calls: the storage refused them",
        |now| count(now.call_log.refused);
    "call_log_failures": Counter [] "Attempts to write to the log of calls that failed",
        |now| count(now.call_log.failures);
    "call_log_waiting": Gauge [] "Calls that wait to be written to the log of calls now",
        |now| level(now.call_log.waiting);
    "log_lines_dropped": Counter [] "Lines of the log on stderr that were not written: too many waited for its reader, or there was none",
        |now| now.unwritten.into_iter().flat_map(count).collect();
    "database_connections_open": Gauge [] "Connections to the database for calls that are open now",
        |now| of_database(now, |database| Value::Level(database.connections as f64));
    "database_connections_idle": Gauge [] "Connections to the database for calls that are open now, and not in use",
        |now| of_database(now, |database| Value::Level(database.idle as f64));
    "database_connections_max": Gauge [] "Connections to the database for calls that may be open",
        |now| of_database(now, |database| Value::Level(database.max as f64));
    "bus_sent": Counter [] "Notices to other nodes that the database took",
        |now| of_database(now, |database| Value::Count(database.sent));
    "bus_unsent": Counter [] "Notices to other nodes that the database did not take, or did not confirm in time",
        |now| of_database(now, |database| Value::Count(database.unsent));
    "bus_heard": Counter [] "Notices of other nodes, or of the database, that were heard",
        |now| of_database(now, |database| Value::Count(database.heard));
    "bus_missed": Counter [] "How often notices of other nodes may have been missed, so that nothing cached was trusted",
        |now| of_database(now, |database| Value::Count(database.missed));
    "bus_listens": Counter [] "How often this node began to listen for bells: once at the start, and again after each loss",
        |now| of_database(now, |database| Value::Count(database.listens));
    "bus_forged": Counter [] "Notifications on the channel of the nodes that none of them sent, and that were not listened to",
        |now| of_database(now, |database| Value::Count(database.forged));
    "bus_heartbeat_age_seconds": Gauge [] "How long ago the last read of the notices of other nodes was begun that came to its end",
        |now| {
            let age = now.database.and_then(|database| database.heartbeat_age);
            age.map(|age| one(Value::Level(age.as_secs_f64()))).unwrap_or_default()
        };
    "process_start_time_seconds": Gauge [] "When the application started, since the Unix epoch",
        |now| one(Value::Level(now.started.as_secs_f64()));
    "process_uptime_seconds": Gauge [] "For how long the application has run",
        |now| one(Value::Level(now.uptime.as_secs_f64()));
    "build_info": Gauge ["name", "version"] "Always 1; the labels say what runs",
        |_| vec![Sample { labels: [naming::name(), naming::version()].map(str::to_owned).to_vec(), value: Value::Level(1.0) }];
};

fn one(value: Value) -> Vec<Sample> {
    vec![Sample { labels: Vec::new(), value }]
}

fn count(count: u64) -> Vec<Sample> {
    one(Value::Count(count))
}

fn level(level: usize) -> Vec<Sample> {
    one(Value::Level(level as f64))
}

fn of_database(now: &Snapshot, value: impl Fn(&DatabaseCounts) -> Value) -> Vec<Sample> {
    now.database.iter().flat_map(|database| one(value(database))).collect()
}

fn by_resource(now: &Snapshot, value: impl Fn(&ResourceUse) -> Value) -> Vec<Sample> {
    now.resources
        .iter()
        .map(|used| Sample { labels: vec![used.resource.name().to_owned()], value: value(used) })
        .collect()
}

fn by_method(now: &Snapshot, value: impl Fn(&OfMethod) -> Value) -> Vec<Sample> {
    now.methods.iter().map(|method| Sample { labels: vec![method.path.to_owned()], value: value(method) }).collect()
}

fn by_status(method: &OfMethod) -> impl Iterator<Item = Sample> {
    method.counts.statuses.iter().map(|(status, calls)| {
        let status = if *status == 0 { "other".to_owned() } else { status.to_string() };
        Sample { labels: vec![method.path.to_owned(), status], value: Value::Count(*calls) }
    })
}

fn times(counts: &CallCounts) -> Value {
    let bounds = CallCounts::BOUNDS.iter().map(|bound| bound.as_secs_f64()).chain(iter::once(f64::INFINITY));
    Value::Times { seconds: counts.total_time.as_secs_f64(), classes: bounds.zip(counts.times).collect() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::METRICS;

    #[test]
    fn names_are_good_and_differ() {
        let mut names = BTreeSet::new();
        for metric in METRICS {
            assert!(names.insert(metric.name), "{}", metric.name);
            let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            assert!(is_word(metric.name) && metric.labels.iter().all(|label| is_word(label)), "{}", metric.name);
            assert!(!metric.name.ends_with("_total") && !metric.text.ends_with('.'), "{}", metric.name);
        }
    }
}
