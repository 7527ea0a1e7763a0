//! Every limit: its default, and where a call meets it.

mod caller;
mod gate;
mod method;
mod network;
mod ranges;
mod rate;

use std::time::Duration;

pub(crate) use self::caller::CallerKey;
pub(crate) use self::gate::{Full, Gate, Permit};
pub use self::method::{EffectiveLimits, MethodLimits, Rate};
pub use self::network::{network, site};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The limits of an [`Api`](crate::Api) and its server. [`Limits::default`] gives the documented values. Each has a least and a
/// greatest value; an `Api` with others does not build (see [`Fault::LimitOutOfRange`](crate::Fault::LimitOutOfRange)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a request line. Default 8 KiB; beyond it 414.
    pub request_line: u64,
    /// Bytes of all request headers. Default 16 KiB; beyond it 431.
    pub headers: u64,
    /// Bytes of a request body, after decompression, for methods that set no own limit. Default 1 MiB; beyond it 413.
    pub max_body: u64,
    /// Bytes of an uploaded file, for methods that set no own limit. Default 10 MiB; beyond it 413.
    pub upload: u64,
    /// Levels of arrays and objects in a document. Default 128, at most 192; beyond it a parse error.
    pub max_depth: usize,
    /// Values in a document, nested ones included. Default 100,000; beyond it a parse error.
    pub max_values: usize,
    /// Requests in one JSON-RPC batch. Default 50; beyond it −32600.
    pub batch: usize,
    /// How long a call may run. Default 30 s; beyond it 504.
    pub call_timeout: Duration,
    /// Until the first byte of a connection. Default 10 s; beyond it the connection is closed, as for the four below.
    pub first_byte_timeout: Duration,
    /// From the first byte of a request to the end of its headers. Default 10 s.
    pub headers_timeout: Duration,
    /// From the end of the headers to the end of the body, and from the first byte of a WebSocket message to its last.
    /// Default 60 s.
    pub body_timeout: Duration,
    /// Bytes of a body that its answer did not wait for, which are read and dropped so that the connection is kept. Default
    /// 16 MiB; beyond it the connection is closed after the answer.
    pub unread_body: u64,
    /// How long that may take. Default 10 s; beyond it the same.
    pub unread_timeout: Duration,
    /// How long a connection that is closed within a request reads on, so that the client gets to see the answer. Default 2 s.
    pub linger_timeout: Duration,
    /// Without any progress in writing an answer. Default 30 s. On HTTP/2 this holds for each answer too: its stream is reset.
    pub write_timeout: Duration,
    /// Between two requests of a connection. Default 75 s.
    pub idle_timeout: Duration,
    /// Bytes a second, on average, that a client takes of an answer after `write_timeout`. Default 1 KiB; slower ones are given up.
    pub write_rate: u64,
    /// Connections in all, WebSockets aside. Default 10,000; beyond it idle ones of whoever has most are closed.
    pub connections: u32,
    /// Connections from one address, or one /64 of IPv6, trusted proxies aside. Default 1,000; beyond it they are closed.
    pub connections_per_network: u32,
    /// Bytes that are held for all callers: bodies, decoded documents, answers and messages that are not taken yet, and 32 KiB a
    /// connection. Default 320 MiB; beyond it the largest holder is closed, and others get 503.
    pub memory: u64,
    /// Of these, bytes for one address, or one /64 of IPv6. Default 64 MiB; beyond it 429.
    pub memory_per_network: u64,
    /// Of these, bytes for one connection. Default 32 MiB; beyond it 429, or close 1008.
    pub memory_per_connection: u64,
    /// Calls that run at once, a quarter of them without anybody who waits. Default 4,096; beyond it 503.
    pub calls: u32,
    /// Of these, calls from one address, or one /64 of IPv6. Default 1,024; beyond it 429.
    pub calls_per_network: u32,
    /// Of these, calls of one connection. Default 512; beyond it 429.
    pub calls_per_connection: u32,
    /// Uploads at once, until their calls end. Default 64; beyond it 503.
    pub uploads: u32,
    /// Of these, uploads from one address, or one /64 of IPv6. Default 16; beyond it 429.
    pub uploads_per_network: u32,
    /// Bytes of a WebSocket message. Default 1 MiB; beyond it close 1009.
    pub ws_message: usize,
    /// WebSockets from one address, or one /64 of IPv6. Default 1,000; beyond it 429.
    pub ws_per_address: u32,
    /// WebSockets in all. Default 50,000; beyond it 429.
    pub ws_total: u32,
    /// Names that one WebSocket subscribes to. Default 1,000; beyond it −32802.
    pub ws_subscriptions: usize,
    /// Calls that run at once on one WebSocket. Default 64; beyond it they wait.
    pub ws_running: usize,
    /// Calls that wait on one WebSocket. Default 256; beyond it −32802.
    pub ws_waiting: usize,
    /// Events that wait for one WebSocket's reader. Default 256; beyond it close 1008.
    pub ws_events: usize,
    /// Between two keep-alive pings of a WebSocket. Default 30 s.
    pub ws_ping: Duration,
    /// Without anything from a WebSocket's client. Default 75 s; beyond it the connection is closed.
    pub ws_silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_line: 8 * KIB,
            headers: 16 * KIB,
            max_body: MIB,
            upload: 10 * MIB,
            max_depth: 128,
            max_values: 100_000,
            batch: 50,
            call_timeout: Duration::from_secs(30),
            first_byte_timeout: Duration::from_secs(10),
            headers_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(60),
            unread_body: 16 * MIB,
            unread_timeout: Duration::from_secs(10),
            linger_timeout: Duration::from_secs(2),
            write_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            write_rate: KIB,
            connections: 10_000,
            connections_per_network: 1000,
            memory: 320 * MIB,
            memory_per_network: 64 * MIB,
            memory_per_connection: 32 * MIB,
            calls: 4096,
            calls_per_network: 1024,
            calls_per_connection: 512,
            uploads: 64,
            uploads_per_network: 16,
            ws_message: 1024 * 1024,
            ws_per_address: 1000,
            ws_total: 50_000,
            ws_subscriptions: 1000,
            ws_running: 64,
            ws_waiting: 256,
            ws_events: 256,
            ws_ping: Duration::from_secs(30),
            ws_silence: Duration::from_secs(75),
        }
    }
}

impl Limits {
    /// How long a client may take for so many bytes, at the least rate.
    pub(crate) fn time_to_take(&self, bytes: u64) -> Duration {
        Duration::from_millis(bytes.saturating_mul(1000) / self.write_rate.max(1))
    }

    /// The limits of a document.
    #[must_use]
    pub fn document(&self) -> DocumentLimits {
        DocumentLimits { depth: self.max_depth, values: self.max_values }
    }
}

/// What a document may be made of; beyond it, it is a parse error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentLimits {
    /// Levels of arrays and objects.
    pub depth: usize,
    /// Values in all: a decoded value takes much more memory than its shortest text.
    pub values: usize,
}

impl DocumentLimits {
    /// No limits: for documents that the program made itself.
    pub const NONE: Self = Self { depth: usize::MAX, values: usize::MAX };
}
