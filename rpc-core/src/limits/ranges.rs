//! What each limit may be. Beyond these a limit limits nothing, or nothing comes through, or the process is at risk: a depth that
//! the stack does not hold, a time that no clock can add.

use std::fmt;
use std::time::Duration;

use super::{KIB, Limits, MIB, MethodLimits, Rate};
use crate::api::Fault;

const GIB: u64 = 1024 * MIB;
const MILLISECOND: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Levels of arrays and objects that may be allowed: unoptimised code takes some 5 KiB of stack for each, of the 2 MiB that a
/// thread of Tokio has.
const DEPTH: usize = 192;

/// A value of a limit.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Value {
    Number(u64),
    Time(Duration),
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<Duration> for Value {
    fn from(time: Duration) -> Self {
        Self::Time(time)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Time(time) => write!(f, "{time:?}"),
        }
    }
}

/// A fault, unless the value is in its range.
fn check<T: Into<Value>>(name: &'static str, of: Option<&str>, value: T, min: T, max: T) -> Option<Fault> {
    let (value, min, max): (Value, Value, Value) = (value.into(), min.into(), max.into());
    (value < min || value > max).then(|| Fault::LimitOutOfRange {
        name,
        method: of.map(str::to_owned),
        value: value.to_string(),
        min: min.to_string(),
        max: max.to_string(),
    })
}

impl Limits {
    /// What is wrong with them.
    pub(crate) fn faults(&self) -> impl Iterator<Item = Fault> {
        let faults = [
            check("request_line", None, self.request_line, 64, 16 * KIB),
            check("headers", None, self.headers, 256, 32 * KIB),
            check("max_body", None, self.max_body, 1, GIB),
            check("upload", None, self.upload, 1, 1024 * GIB),
            check("max_depth", None, self.max_depth, 1, DEPTH),
            check("max_values", None, self.max_values, 1, 10_000_000),
            check("batch", None, self.batch, 1, 10_000),
            check("call_timeout", None, self.call_timeout, MILLISECOND, DAY),
            check("first_byte_timeout", None, self.first_byte_timeout, MILLISECOND, DAY),
            check("headers_timeout", None, self.headers_timeout, MILLISECOND, DAY),
            check("body_timeout", None, self.body_timeout, MILLISECOND, DAY),
            check("unread_body", None, self.unread_body, 0, GIB),
            check("unread_timeout", None, self.unread_timeout, MILLISECOND, DAY),
            check("linger_timeout", None, self.linger_timeout, MILLISECOND, DAY),
            check("write_timeout", None, self.write_timeout, MILLISECOND, DAY),
            check("idle_timeout", None, self.idle_timeout, MILLISECOND, DAY),
            check("write_rate", None, self.write_rate, 1, GIB),
            check("connections", None, self.connections, 1, 1_000_000),
            check("connections_per_network", None, self.connections_per_network, 1, 1_000_000),
            check("memory", None, self.memory, MIB, 1024 * GIB),
            check("memory_per_network", None, self.memory_per_network, 64 * KIB, 1024 * GIB),
            check("memory_per_connection", None, self.memory_per_connection, 64 * KIB, 1024 * GIB),
            check("calls", None, self.calls, 1, 1_000_000),
            check("calls_per_network", None, self.calls_per_network, 1, 1_000_000),
            check("calls_per_connection", None, self.calls_per_connection, 1, 1_000_000),
            check("uploads", None, self.uploads, 1, 1_000_000),
            check("uploads_per_network", None, self.uploads_per_network, 1, 1_000_000),
            check("ws_message", None, self.ws_message, 64, GIB as usize),
            check("ws_per_address", None, self.ws_per_address, 0, 1_000_000),
            check("ws_total", None, self.ws_total, 0, 1_000_000),
            check("ws_subscriptions", None, self.ws_subscriptions, 1, 100_000),
            check("ws_running", None, self.ws_running, 1, 10_000),
            check("ws_waiting", None, self.ws_waiting, 1, 100_000),
            check("ws_events", None, self.ws_events, 1, 100_000),
            check("ws_ping", None, self.ws_ping, MILLISECOND, DAY),
            check("ws_silence", None, self.ws_silence, MILLISECOND, DAY),
        ];
        faults.into_iter().flatten()
    }
}

impl MethodLimits {
    /// What is wrong with those of a method.
    pub(crate) fn faults(&self, method: &str) -> impl Iterator<Item = Fault> {
        let of = Some(method);
        let rate = |Rate { calls, period }: Rate| {
            check("rate", of, calls, 1, 1_000_000).or_else(|| check("rate", of, period, MILLISECOND, 400 * DAY))
        };
        let faults = [
            self.concurrency.and_then(|calls| check("concurrency", of, calls, 0, 1_000_000)),
            self.concurrency_per_user.and_then(|calls| check("concurrency_per_user", of, calls, 0, 1_000_000)),
            self.rate.and_then(rate),
            self.timeout.and_then(|time| check("timeout", of, time, MILLISECOND, DAY)),
            self.max_body.and_then(|bytes| check("max_body", of, bytes, 1, GIB)),
            self.upload.and_then(|bytes| check("upload", of, bytes, 1, 1024 * GIB)),
        ];
        faults.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{DAY, DEPTH, Limits, MethodLimits, Rate};
    use crate::api::Fault;

    fn names(faults: impl Iterator<Item = Fault>) -> Vec<&'static str> {
        faults.map(|fault| if let Fault::LimitOutOfRange { name, .. } = fault { name } else { "?" }).collect()
    }

    #[test]
    fn the_defaults_are_in_their_ranges() {
        assert_eq!(names(Limits::default().faults()), [""; 0]);
    }

    #[test]
    fn every_limit_has_a_least_and_a_most() {
        let text = format!("{:?}", Limits::default());
        let fields = text.split(['{', ',']).filter_map(|part| part.split_once(':')).map(|(name, _)| name.trim());
        let fields: Vec<&str> = fields.collect();
        let (zero, max) = (Duration::ZERO, Duration::MAX);
        let of = |number: u64, time: Duration| Limits {
            request_line: number,
            headers: number,
            max_body: number,
            upload: number,
            max_depth: number as usize,
            max_values: number as usize,
            batch: number as usize,
            call_timeout: time,
            first_byte_timeout: time,
            headers_timeout: time,
            body_timeout: time,
            unread_body: number,
            unread_timeout: time,
            linger_timeout: time,
            write_timeout: time,
            idle_timeout: time,
            write_rate: number,
            connections: number as u32,
            connections_per_network: number as u32,
            memory: number,
            memory_per_network: number,
            memory_per_connection: number,
            calls: number as u32,
            calls_per_network: number as u32,
            calls_per_connection: number as u32,
            uploads: number as u32,
            uploads_per_network: number as u32,
            ws_message: number as usize,
            ws_per_address: number as u32,
            ws_total: number as u32,
            ws_subscriptions: number as usize,
            ws_running: number as usize,
            ws_waiting: number as usize,
            ws_events: number as usize,
            ws_ping: time,
            ws_silence: time,
        };
        assert_eq!(names(of(u64::MAX, max).faults()), fields);
        let closed = ["unread_body", "ws_per_address", "ws_total"];
        let others: Vec<&str> = fields.iter().copied().filter(|name| !closed.contains(name)).collect();
        assert_eq!(names(of(0, zero).faults()), others);
    }

    #[test]
    fn bounds_are_in_the_range_and_what_is_beyond_is_not() {
        let of = |depth, time| Limits { max_depth: depth, call_timeout: time, ..Limits::default() };
        assert_eq!(names(of(DEPTH, DAY).faults()), [""; 0]);
        assert_eq!(names(of(DEPTH + 1, DAY + Duration::from_nanos(1)).faults()), ["max_depth", "call_timeout"]);
        let fault = of(3000, DAY).faults().next().unwrap();
        assert_eq!(fault.to_string(), format!("the limit `max_depth` is 3000; it is from 1 to {DEPTH}"));
    }

    #[test]
    fn those_of_a_method_have_ranges_too() {
        let rate = |calls, period| MethodLimits { rate: Some(Rate { calls, period }), ..MethodLimits::default() };
        for limits in [
            rate(0, DAY),
            rate(u32::MAX, DAY),
            rate(1, Duration::ZERO),
            rate(1, Duration::MAX),
            MethodLimits { timeout: Some(Duration::ZERO), ..MethodLimits::default() },
            MethodLimits { timeout: Some(Duration::MAX), ..MethodLimits::default() },
            MethodLimits { concurrency: Some(u32::MAX), ..MethodLimits::default() },
            MethodLimits { concurrency_per_user: Some(u32::MAX), ..MethodLimits::default() },
            MethodLimits { max_body: Some(0), ..MethodLimits::default() },
            MethodLimits { upload: Some(u64::MAX), ..MethodLimits::default() },
        ] {
            assert_eq!(names(limits.faults("/v1/a/b")).len(), 1, "{limits:?}");
        }
        let fault = rate(0, DAY).faults("/v1/a/b").next().unwrap();
        assert_eq!(fault.to_string(), "the limit `rate` of /v1/a/b is 0; it is from 1 to 1000000");
    }
}
