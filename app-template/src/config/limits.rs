//! The limits in the configuration: those of the server, and those of single methods.

use std::num::NonZeroU32;

use rpc_core::{Api, Limits, MethodLimits, Rate};

use super::error::{ConfigError, Faults, hint};
use super::file::MethodTable;
use super::option::ConfigOption;
use super::sources::Reader;
use super::table::{
    BATCH, BODY_TIMEOUT, CALL_TIMEOUT, CALLS, CALLS_PER_CONNECTION, CALLS_PER_NETWORK, CONNECTIONS,
    CONNECTIONS_PER_NETWORK, FIRST_BYTE_TIMEOUT, HEADERS, HEADERS_TIMEOUT, IDLE_TIMEOUT, LINGER_TIMEOUT, MAIL_RATE,
    MAX_BODY, MAX_DEPTH, MAX_VALUES, MEMORY, MEMORY_PER_CONNECTION, MEMORY_PER_NETWORK, METHOD_CONCURRENCY,
    METHOD_CONCURRENCY_PER_USER, METHOD_MAX_BODY, METHOD_RATE, METHOD_TIMEOUT, METHOD_UPLOAD, REQUEST_LINE,
    SIGN_UP_RATE, UNREAD_BODY, UNREAD_TIMEOUT, UPLOAD, UPLOADS, UPLOADS_PER_NETWORK, WRITE_RATE, WRITE_TIMEOUT,
    WS_EVENTS, WS_MESSAGE, WS_PER_ADDRESS, WS_PING, WS_RUNNING, WS_SILENCE, WS_SUBSCRIPTIONS, WS_TOTAL, WS_WAITING,
};
use super::value::{OptionValue, Size};

/// The methods of guests whose rates have options of their own. Their attributes say the defaults.
const RATES: [(&str, &ConfigOption<Rate>); 3] = [
    ("/v1/session/signup", &SIGN_UP_RATE),
    ("/v1/session/send-confirmation-email", &MAIL_RATE),
    ("/v1/session/send-password-reset-email", &MAIL_RATE),
];

/// The limits of one method, and where they are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MethodConfig {
    pub(crate) path: String,
    location: String,
    pub(crate) limits: MethodLimits,
}

impl MethodConfig {
    /// Refuses limits of methods that an API has not.
    pub(super) fn check(methods: &[Self], api: &Api) -> Result<(), ConfigError> {
        let mut faults = Faults::default();
        for method in methods.iter().filter(|method| api.method(&method.path).is_none()) {
            let known = api.methods().map(|method| method.path().to_owned());
            let meant = hint(&method.path, known, "\"");
            faults.add(format!("{}: there is no method \"{}\"{meant}", method.location, method.path));
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
        limits.unread_body = self.required(&UNREAD_BODY).0;
        limits.unread_timeout = self.required(&UNREAD_TIMEOUT);
        limits.linger_timeout = self.required(&LINGER_TIMEOUT);
        limits.write_timeout = self.required(&WRITE_TIMEOUT);
        limits.idle_timeout = self.required(&IDLE_TIMEOUT);
        limits.write_rate = self.required(&WRITE_RATE).0;
        limits.connections = self.required(&CONNECTIONS).get();
        limits.connections_per_network = self.required(&CONNECTIONS_PER_NETWORK).get();
        limits.memory = self.required(&MEMORY).0;
        limits.memory_per_network = self.required(&MEMORY_PER_NETWORK).0;
        limits.memory_per_connection = self.required(&MEMORY_PER_CONNECTION).0;
        limits.calls = self.required(&CALLS).get();
        limits.calls_per_network = self.required(&CALLS_PER_NETWORK).get();
        limits.calls_per_connection = self.required(&CALLS_PER_CONNECTION).get();
        limits.uploads = self.required(&UPLOADS).get();
        limits.uploads_per_network = self.required(&UPLOADS_PER_NETWORK).get();
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

    /// The limits of methods that are set, by a table of the method or by an option.
    pub(super) fn methods(&mut self) -> Vec<MethodConfig> {
        let tables = self.sources.file.as_ref().map_or(&[][..], |file| &file.methods);
        let mut methods: Vec<_> = tables.iter().map(method).collect();
        for (path, option) in RATES {
            let Some(found) = self.found(&option.spec) else { continue };
            let rate = self.optional(option);
            if let Some(method) = methods.iter_mut().find(|method| method.path == path) {
                method.limits.rate = method.limits.rate.or(rate);
                continue;
            }
            let limits = MethodLimits { rate, ..MethodLimits::default() };
            methods.push(MethodConfig { path: path.to_owned(), location: found.source.to_string(), limits });
        }
        methods
    }
}

fn method(table: &MethodTable) -> MethodConfig {
    let limits = MethodLimits {
        concurrency: value(table, &METHOD_CONCURRENCY).map(NonZeroU32::get),
        concurrency_per_user: value(table, &METHOD_CONCURRENCY_PER_USER).map(NonZeroU32::get),
        rate: value(table, &METHOD_RATE),
        timeout: value(table, &METHOD_TIMEOUT),
        max_body: value(table, &METHOD_MAX_BODY).map(|Size(bytes)| bytes),
        upload: value(table, &METHOD_UPLOAD).map(|Size(bytes)| bytes),
    };
    MethodConfig { path: table.path.clone(), location: table.location.clone(), limits }
}

/// A limit; those that are bad or out of their range were refused with the file.
fn value<T: OptionValue>(table: &MethodTable, option: &ConfigOption<T>) -> Option<T> {
    T::parse(&table.value(&option.spec)?.text)
}

#[cfg(test)]
mod tests {
    use rpc_auth::TokenFormat;
    use rpc_core::MethodLimits;

    use super::{OptionValue, RATES};
    use crate::config::sources::Sources;

    fn limits(variables: &[(&str, &str)], file: &str) -> Vec<(String, MethodLimits)> {
        let sources = Sources::of(&[], variables, file).unwrap();
        let config = sources.serve("app", TokenFormat::new("app").unwrap()).unwrap();
        config.methods.into_iter().map(|method| (method.path, method.limits)).collect()
    }

    #[test]
    fn the_defaults_of_rates_are_those_of_the_attributes() {
        let api = crate::api::build(&crate::extension::Extension::default()).unwrap();
        for (path, option) in RATES {
            let rate = api.method(path).unwrap().limits().rate;
            assert!(rate.is_some() && rate == OptionValue::parse(option.spec.default), "{path}: {rate:?}");
        }
        assert_eq!(limits(&[], ""), []);
    }

    #[test]
    fn the_rate_of_a_method_goes_before_the_key_for_some() {
        let file = "[methods.\"/v1/session/signup\"]\nrate = \"5/min\"\n\n[methods.\"/v1/session/send-confirmation-email\"]\nconcurrency = 2";
        let limits = limits(&[("APP_SIGN_UP_RATE", "7/min"), ("APP_MAIL_RATE", "9/min")], file);
        let of = |path: &str| limits.iter().find(|(method, _)| method == path).unwrap().1;
        let calls = |path| of(path).rate.unwrap().calls;
        assert_eq!(calls("/v1/session/signup"), 5);
        assert_eq!(calls("/v1/session/send-confirmation-email"), 9);
        assert_eq!(of("/v1/session/send-confirmation-email").concurrency, Some(2));
        assert_eq!(calls("/v1/session/send-password-reset-email"), 9);
        assert_eq!(limits.len(), 3);
    }
}
