//! The one table of all settings. Flags, variables, the file, `config` and the document about it come from here.

use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use rpc_auth::{Secret, SignUp};
use rpc_core::Rate;
use rpc_core::http::ForwardedHeader;

use super::key::{Flag, Key, Row};
use super::setting::{DatabaseUrl, HttpUrl, LogFormat, LogLevel, Networks, Origins, Prefix, PublicUrl, Size};
use crate::app::Avatars;
use crate::settings::SecretBox;

/// Declares keys, section by section, and the list of them all.
macro_rules! keys {
    ($(#[$doc:meta])* $list:ident; $($section:literal { $($name:ident: $type:ty = $key:expr;)* })*) => {
        $($(pub(crate) const $name: Key<$type> = $key.section($section);)*)*

        $(#[$doc])*
        pub(crate) const $list: &[&Row] = &[$($(&$name.row,)*)*];
    };
}

keys! {
    /// Every setting.
    KEYS;
    "Server" {
        BIND: IpAddr = Key::new("bind", "127.0.0.1", "Address to listen on").flag(Flag::ServeShort('b'));
        PORT: u16 = Key::new("port", "8080", "Port to listen on; 0 takes any free one")
            .flag(Flag::ServeShort('p')).also("PORT");
        PUBLIC_URL: PublicUrl = Key::new("public-url", "", "Where the world reaches the server; web pages from there may read answers")
            .flag(Flag::Serve);
        RPC_PREFIX: Prefix = Key::new("rpc-prefix", "/api", "Path of JSON-RPC and WebSocket");
        ALLOWED_ORIGINS: Origins = Key::new("allowed-origins", "", "Further web pages that may read answers and open WebSockets");
        TRUSTED_PROXIES: Networks = Key::new("trusted-proxies", "", "Proxies whose word about a client's address is taken");
        FORWARDED_HEADER: ForwardedHeader = Key::new("forwarded-header", "x-forwarded-for", "The header that these proxies write");
        DRAIN_TIME: Duration = Key::new("drain-time", "10s", "How long calls, mails and background work may take when the server stops");
        METRICS_BIND: SocketAddr = Key::new("metrics-bind", "", "Address and port to serve metrics for Prometheus on, at /metrics; without one there are none")
            .flag(Flag::Serve);
        NO_BANNER: bool = Key::new("no-banner", "false", "Log at start, instead of telling somebody at a terminal where to go")
            .flag(Flag::Serve);
    }
    "Log" {
        LOG_FORMAT: LogFormat = Key::new("log-format", "auto", "auto, compact, pretty or json; auto is compact on a terminal, else json")
            .flag(Flag::Global);
        LOG_LEVEL: LogLevel = Key::new("log-level", "info", "off, error, warn, info, debug or trace; RUST_LOG goes before it")
            .flag(Flag::Global);
        OTLP_ENDPOINT: HttpUrl = Key::new("otlp-endpoint", "", "Collector of traces that spans are sent to, at /v1/traces below it (OTLP over plain HTTP); for builds with the feature otel");
    }
    "First start" {
        ROOT_PASSWORD: Secret = Key::new("root-password", "", "Password of the root user that is made; without one it is generated").secret();
        ROOT_PASSWORD_OUT: PathBuf = Key::new("root-password-out", "", "New file for the generated password, which is then not shown")
            .flag(Flag::Serve);
        APP_URL: String = Key::new("app-url", "", "First value of the setting: where users find the application's pages, which links in mails begin with");
        SMTP_FROM: String = Key::new("smtp-from", "", "First value of the setting: whom mails come from");
        SMTP_HOSTNAME: String = Key::new("smtp-hostname", "", "First value of the setting: the server that takes mails; without one they go to the log");
        SMTP_PORT: u16 = Key::new("smtp-port", "", "First value of the setting: its port; 587 when unset, and on 465 TLS from the first byte");
        SMTP_USERNAME: String = Key::new("smtp-username", "", "First value of the setting: who the application is there");
        SMTP_PASSWORD: Secret = Key::new("smtp-password", "", "First value of the setting: what proves it").secret();
    }
    "Storage and mail" {
        DATABASE_URL: DatabaseUrl = Key::new("database-url", "", "Postgres database to keep everything in, such as postgres://user@host/name; without one all is in memory")
            .flag(Flag::Storage).also("DATABASE_URL").secret();
        DATABASE_CONNECTIONS: NonZeroU32 = Key::new("database-connections", "10", "Connections of this node that calls share; four more are for the node itself");
        DATABASE_TIMEOUT: Duration = Key::new("database-timeout", "3s", "How long a call waits for a connection; beyond it 503");
        DATABASE_WAIT: Duration = Key::new("database-wait", "30s", "How long a start waits for the database to answer");
        DATABASE_LOCK_WAIT: Duration = Key::new("database-lock-wait", "10min", "How long a start waits for another node that changes the schema");
        SECRET_KEY: SecretBox = Key::new("secret-key", "", "Key that passwords of other servers are encrypted with where they are stored").secret();
        MAIL_TEMPLATES: PathBuf = Key::new("mail-templates", "", "Folder with templates of mails, in place of the built-in ones");
    }
    "Accounts" {
        SIGN_UP: SignUp = Key::new("sign-up", "on", "Whether people make their own accounts: on, disabled (an administrator enables them) or off");
        USERNAME_IS_EMAIL: bool = Key::new("username-is-email", "false", "Whether user names must be e-mail addresses");
        PASSWORD_MIN_LENGTH: NonZeroUsize = Key::new("password-min-length", "8", "The least characters of a password");
        SESSION_IDLE: Duration = Key::new("session-idle", "30days", "How long an unused session lasts");
        SESSION_ABSOLUTE: Duration = Key::new("session-absolute", "90days", "How long any session lasts");
        CONFIRMATION_LIFE: Duration = Key::new("confirmation-life", "24h", "How long a link that confirms an address is good");
        RESET_LIFE: Duration = Key::new("reset-life", "30min", "How long a link that sets a password is good");
        MAILS_PER_HOUR: NonZeroU32 = Key::new("mails-per-hour", "3", "Mails of one kind to one address");
        AVATARS: Avatars = Key::new("avatars", "none", "Where pictures of users come from: none or gravatar");
        THROTTLE_FREE_PER_PAIR: u32 = Key::new("throttle-free-per-pair", "5", "Refused sign-ins with one name from one address before delays begin");
        THROTTLE_FREE_PER_NAME: u32 = Key::new("throttle-free-per-name", "50", "Refused sign-ins with one name from anywhere before delays begin");
        THROTTLE_FREE_PER_ADDRESS: u32 = Key::new("throttle-free-per-address", "100", "Refused sign-ins from one address before delays begin");
        THROTTLE_FIRST_DELAY: Duration = Key::new("throttle-first-delay", "1s", "The first delay; each refused sign-in doubles it");
        THROTTLE_MAX_DELAY: Duration = Key::new("throttle-max-delay", "30s", "The longest delay");
        THROTTLE_FORGET_AFTER: Duration = Key::new("throttle-forget-after", "15min", "How long after the last refused sign-in all is forgotten");
        THROTTLE_TRUST_FOR: Duration = Key::new("throttle-trust-for", "30days", "How long after a sign-in the delays of a name, which others caused, do not hold where its user came from");
        HASH_MEMORY: Size = Key::new("hash-memory", "19 MiB", "Memory of one password hash (Argon2id)");
        HASH_ITERATIONS: NonZeroU32 = Key::new("hash-iterations", "2", "Passes of one password hash over its memory");
        HASH_PARALLEL: NonZeroUsize = Key::new("hash-parallel", "", "Password hashes computed at once; without a value as many as there are cores");
    }
    "Limits" {
        REQUEST_LINE: Size = Key::new("request-line", "8 KiB", "A request line; beyond it 414");
        HEADERS: Size = Key::new("headers", "16 KiB", "All headers of a request; beyond it 431");
        MAX_BODY: Size = Key::new("max-body", "1 MiB", "A request body, for methods that set no own limit; beyond it 413");
        UPLOAD: Size = Key::new("upload", "10 MiB", "An uploaded file, for methods that set no own limit; beyond it 413");
        MAX_DEPTH: NonZeroUsize = Key::new("max-depth", "128", "Levels of arrays and objects in a document; beyond it -32700");
        MAX_VALUES: NonZeroUsize = Key::new("max-values", "100000", "Values in a document; beyond it -32700");
        BATCH: NonZeroUsize = Key::new("batch", "50", "Requests in a JSON-RPC batch; beyond it -32600");
        CALL_TIMEOUT: Duration = Key::new("call-timeout", "30s", "How long a call may run, for methods that set no own limit; beyond it 504");
        FIRST_BYTE_TIMEOUT: Duration = Key::new("first-byte-timeout", "10s", "Until the first byte of a connection; beyond it it is closed");
        HEADERS_TIMEOUT: Duration = Key::new("headers-timeout", "10s", "Until the end of a request's headers; beyond it the connection is closed");
        BODY_TIMEOUT: Duration = Key::new("body-timeout", "60s", "Until the end of a request's body; beyond it the connection is closed");
        WRITE_TIMEOUT: Duration = Key::new("write-timeout", "30s", "Without progress in writing an answer; beyond it the connection, or the stream of HTTP/2, is closed");
        IDLE_TIMEOUT: Duration = Key::new("idle-timeout", "75s", "Between two requests of a connection; beyond it it is closed");
        WS_MESSAGE: Size = Key::new("ws-message", "1 MiB", "A WebSocket message; beyond it close 1009");
        WS_PER_ADDRESS: NonZeroU32 = Key::new("ws-per-address", "1000", "WebSockets from one address, or one /64 of IPv6; beyond it 429");
        WS_TOTAL: NonZeroU32 = Key::new("ws-total", "50000", "WebSockets in all; beyond it 429");
        WS_SUBSCRIPTIONS: NonZeroUsize = Key::new("ws-subscriptions", "1000", "Names that one WebSocket subscribes to; beyond it -32802");
        WS_RUNNING: NonZeroUsize = Key::new("ws-running", "64", "Calls at once on one WebSocket; beyond it they wait");
        WS_WAITING: NonZeroUsize = Key::new("ws-waiting", "256", "Calls that wait on one WebSocket; beyond it -32802");
        WS_EVENTS: NonZeroUsize = Key::new("ws-events", "256", "Events that wait for the reader of one WebSocket; beyond it close 1008");
        WS_PING: Duration = Key::new("ws-ping", "30s", "Between two pings of a WebSocket");
        WS_SILENCE: Duration = Key::new("ws-silence", "75s", "Without anything from the client of a WebSocket; beyond it it is closed");
    }
}

keys! {
    /// Every limit of one method, in its table of the file. Without a value the attribute's holds, then the default.
    METHOD_KEYS;
    "Methods" {
        METHOD_CONCURRENCY: NonZeroU32 = Key::new("concurrency", "", "Calls that run at the same time on a node; beyond it 429");
        METHOD_CONCURRENCY_PER_USER: NonZeroU32 = Key::new("concurrency-per-user", "", "The same for one caller: a user, or a guest's address");
        METHOD_RATE: Rate = Key::new("rate", "", "Calls over time for one caller; beyond it 429");
        METHOD_TIMEOUT: Duration = Key::new("timeout", "", "How long a call may run; beyond it 504");
        METHOD_MAX_BODY: Size = Key::new("max-body", "", "A request body; beyond it 413");
        METHOD_UPLOAD: Size = Key::new("upload", "", "An uploaded file; beyond it 413");
    }
}
