//! The settings of limits: those of the server, and those of single methods.

use std::num::NonZeroU32;

use rpc_core::{Api, Limits, MethodLimits};

use super::error::{ConfigError, Faults, hint};
use super::file::MethodTable;
use super::key::Key;
use super::layers::Reader;
use super::setting::{Setting, Size};
use super::table::{
    BATCH, BODY_TIMEOUT, CALL_TIMEOUT, FIRST_BYTE_TIMEOUT, HEADERS, HEADERS_TIMEOUT, IDLE_TIMEOUT, MAX_BODY, MAX_DEPTH,
    MAX_VALUES, METHOD_CONCURRENCY, METHOD_CONCURRENCY_PER_USER, METHOD_MAX_BODY, METHOD_RATE, METHOD_TIMEOUT,
    METHOD_UPLOAD, REQUEST_LINE, UPLOAD, WRITE_TIMEOUT, WS_EVENTS, WS_MESSAGE, WS_PER_ADDRESS, WS_PING, WS_RUNNING,
    WS_SILENCE, WS_SUBSCRIPTIONS, WS_TOTAL, WS_WAITING,
};

/// The limits of one method, and where the file sets them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MethodSettings {
    pub(crate) path: String,
    place: String,
    pub(crate) limits: MethodLimits,
}

impl MethodSettings {
    /// Refuses limits of methods that an API has not.
    pub(super) fn check(methods: &[Self], api: &Api) -> Result<(), ConfigError> {
        let mut faults = Faults::default();
        for method in methods.iter().filter(|method| api.method(&method.path).is_none()) {
            let known = api.methods().map(|method| method.path().to_owned());
            let meant = hint(&method.path, known, "\"");
            faults.add(format!("{}: there is no method \"{}\"{meant}", method.place, method.path));
        }
        faults.finish()
    }
}

impl Reader<'_> {
    pub(super) fn limits(&mut self) -> Limits {
        let mut limits = Limits::default();
        limits.request_line = self.required(&REQUEST_LINE).0;
        limits.headers = self.required(&HEADERS).0;
        limits.max_body = self.required(&MAX_BODY).0;
        limits.upload = self.required(&UPLOAD).0;
        limits.max_depth = self.required(&MAX_DEPTH).get();
        limits.max_values = self.required(&MAX_VALUES).get();
        limits.batch = self.required(&BATCH).get();
        limits.call_timeout = self.required(&CALL_TIMEOUT);
        limits.first_byte_timeout = self.required(&FIRST_BYTE_TIMEOUT);
        limits.headers_timeout = self.required(&HEADERS_TIMEOUT);
        limits.body_timeout = self.required(&BODY_TIMEOUT);
        limits.write_timeout = self.required(&WRITE_TIMEOUT);
        limits.idle_timeout = self.required(&IDLE_TIMEOUT);
        limits.ws_message = self.required(&WS_MESSAGE).in_memory();
        limits.ws_per_address = self.required(&WS_PER_ADDRESS).get();
        limits.ws_total = self.required(&WS_TOTAL).get();
        limits.ws_subscriptions = self.required(&WS_SUBSCRIPTIONS).get();
        limits.ws_running = self.required(&WS_RUNNING).get();
        limits.ws_waiting = self.required(&WS_WAITING).get();
        limits.ws_events = self.required(&WS_EVENTS).get();
        limits.ws_ping = self.required(&WS_PING);
        limits.ws_silence = self.required(&WS_SILENCE);
        limits
    }

    pub(super) fn methods(&self) -> Vec<MethodSettings> {
        let tables = self.layers.file.as_ref().map_or(&[][..], |file| &file.methods);
        tables.iter().map(method).collect()
    }
}

fn method(table: &MethodTable) -> MethodSettings {
    let limits = MethodLimits {
        concurrency: value(table, &METHOD_CONCURRENCY).map(NonZeroU32::get),
        concurrency_per_user: value(table, &METHOD_CONCURRENCY_PER_USER).map(NonZeroU32::get),
        rate: value(table, &METHOD_RATE),
        timeout: value(table, &METHOD_TIMEOUT),
        max_body: value(table, &METHOD_MAX_BODY).map(|Size(bytes)| bytes),
        upload: value(table, &METHOD_UPLOAD).map(|Size(bytes)| bytes),
    };
    MethodSettings { path: table.path.clone(), place: table.place.clone(), limits }
}

/// A limit; those that are bad or out of their range were refused with the file.
fn value<T: Setting>(table: &MethodTable, key: &Key<T>) -> Option<T> {
    T::parse(&table.value(&key.row)?.text)
}
