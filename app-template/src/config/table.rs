//! The table of all options. Flags, variables, the file, `config` and the document about it come from here.

use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use rpc_auth::{Secret, SignUp};
use rpc_core::Rate;
use rpc_core::http::ForwardedHeader;

use super::option::{ConfigOption, Flag, OptionSpec};
use super::value::{DatabaseUrl, EhloName, HttpUrl, LogFormat, LogLevel, Networks, Origins, Prefix, PublicUrl, Size};
use crate::app::Avatars;
use crate::mail::SmtpTls;
use crate::settings::SecretBox;
use crate::storage::kind;

/// Declares options, section by section, and the list of them all.
macro_rules! options {
    ($(#[$doc:meta])* $list:ident; $($section:literal { $($name:ident: $type:ty = $key:expr;)* })*) => {
        $($(pub(crate) const $name: ConfigOption<$type> = $key.section($section);)*)*

        // Whoever adds an option says what it may be.
        $($(const _: () = assert!($name.is_bounded(), "an option of numbers, times, sizes or rates has `.within(min, max)`");)*)*

        $(#[$doc])*
        pub(crate) const $list: &[&OptionSpec] = &[$($(&$name.spec,)*)*];
    };
}

options! {
    /// Every option.
    OPTIONS;
    "Server" {
        BIND: IpAddr = ConfigOption::new("bind", "127.0.0.1", "Address to listen on").flag(Flag::ServeShort('b'));
        PORT: u16 = ConfigOption::new("port", "8080", "Port to listen on; 0 takes any free one").within("0", "65535")
            .flag(Flag::ServeShort('p')).also("PORT");
        PUBLIC_URL: PublicUrl = ConfigOption::new("public-url", "", "Where the world reaches the server; web pages from there may read answers")
            .flag(Flag::Serve);
        RPC_PREFIX: Prefix = ConfigOption::new("rpc-prefix", "/api", "Path of JSON-RPC and WebSocket");
        ALLOWED_ORIGINS: Origins = ConfigOption::new("allowed-origins", "", "Further web pages that may read answers and open WebSockets");
        TRUSTED_PROXIES: Networks = ConfigOption::new("trusted-proxies", "", "Proxies whose word about a client's address is taken");
        FORWARDED_HEADER: ForwardedHeader = ConfigOption::new("forwarded-header", "x-forwarded-for", "The header that these proxies write");
        DRAIN_TIME: Duration = ConfigOption::new("drain-time", "10s", "How long calls may take when the server stops").within("10ms", "1h");
        MAIL_DRAIN_TIME: Duration = ConfigOption::new("mail-drain-time", "10s", "How long mails and background work may take after that").within("10ms", "1h");
        METRICS_BIND: SocketAddr = ConfigOption::new("metrics-bind", "", "Address and port to serve metrics for Prometheus on, at /metrics; without one there are none")
            .flag(Flag::Serve);
        NO_BANNER: bool = ConfigOption::new("no-banner", "false", "Log at start, instead of telling somebody at a terminal where to go")
            .flag(Flag::Serve);
    }
    "Log" {
        LOG_FORMAT: LogFormat = ConfigOption::new("log-format", "auto", "auto, compact, pretty or json; auto is compact on a terminal, else json")
            .flag(Flag::Global);
        LOG_LEVEL: LogLevel = ConfigOption::new("log-level", "info", "off, error, warn, info, debug or trace; RUST_LOG goes before it")
            .flag(Flag::Global);
        OTLP_ENDPOINT: HttpUrl = ConfigOption::new("otlp-endpoint", "", "Collector of traces that spans are sent to, at /v1/traces below it (OTLP over plain HTTP); for builds with the feature otel");
    }
    "First start" {
        ROOT_PASSWORD: Secret = ConfigOption::new("root-password", "", "Password of the root user that is made; without one it is generated").secret();
        ROOT_PASSWORD_OUT: PathBuf = ConfigOption::new("root-password-out", "", "New file for the generated password, which is then not shown")
            .flag(Flag::Serve);
        APP_URL: String = ConfigOption::new("app-url", "", "First value of the setting: where users find the application's pages, which links in mails begin with");
        SMTP_FROM: String = ConfigOption::new("smtp-from", "", "First value of the setting: whom mails come from");
        SMTP_HOSTNAME: String = ConfigOption::new("smtp-hostname", "", "First value of the setting: the server that takes mails; without one they go to the log");
        SMTP_PORT: u16 = ConfigOption::new("smtp-port", "", "First value of the setting: its port; 587 when unset. When it is encrypted is up to smtp-tls").within("1", "65535");
        SMTP_USERNAME: String = ConfigOption::new("smtp-username", "", "First value of the setting: who the application is there");
        SMTP_PASSWORD: Secret = ConfigOption::new("smtp-password", "", "First value of the setting: what proves it").secret();
    }
    "Storage and mail" {
        DATABASE_URL: DatabaseUrl = ConfigOption::new("database-url", "", kind::HELP)
            .flag(Flag::Storage).also("DATABASE_URL").secret();
        DATABASE_CONNECTIONS: NonZeroU32 = ConfigOption::new("database-connections", "10", "Connections of this node that calls share; four more are for the node itself").within("1", "1000");
        DATABASE_TIMEOUT: Duration = ConfigOption::new("database-timeout", "3s", "How long a call waits for a connection; beyond it 503").within("10ms", "10min");
        DATABASE_WAIT: Duration = ConfigOption::new("database-wait", "30s", "How long a start waits for the database to answer").within("10ms", "1day");
        DATABASE_LOCK_WAIT: Duration = ConfigOption::new("database-lock-wait", "10min", "How long a start waits for another node that changes the schema").within("10ms", "1day");
        SECRET_KEY: SecretBox = ConfigOption::new("secret-key", "", "Key that passwords of other servers are encrypted with where they are stored").secret();
        SMTP_TLS: SmtpTls = ConfigOption::new("smtp-tls", "auto", "When connections to mail servers are encrypted: auto (on port 465 from the first byte, elsewhere where the server offers it), implicit (from the first byte on every port) or starttls (on every port; a server that does not offer it gets nothing)");
        SMTP_EHLO_NAME: EhloName = ConfigOption::new("smtp-ehlo-name", "", "What the application calls itself to mail servers; without a value the domain that mails come from");
        SMTP_CA_CERTIFICATES: PathBuf = ConfigOption::new("smtp-ca-certificates", "", "File with certificates in PEM that mail servers may have, beside those that the system trusts");
        MAIL_TEMPLATES: PathBuf = ConfigOption::new("mail-templates", "", "Folder with templates of mails, in place of the built-in ones");
    }
    "Accounts" {
        SIGN_UP: SignUp = ConfigOption::new("sign-up", "on", "Whether people make their own accounts: on, disabled (an administrator enables them) or off");
        USERNAME_IS_EMAIL: bool = ConfigOption::new("username-is-email", "false", "Whether user names must be e-mail addresses");
        PASSWORD_MIN_LENGTH: NonZeroUsize = ConfigOption::new("password-min-length", "8", "The least characters of a password").within("4", "128");
        SESSION_IDLE: Duration = ConfigOption::new("session-idle", "30days", "How long an unused session lasts").within("1min", "3650days");
        SESSION_ABSOLUTE: Duration = ConfigOption::new("session-absolute", "90days", "How long any session lasts").within("1min", "3650days");
        CONFIRMATION_LIFE: Duration = ConfigOption::new("confirmation-life", "24h", "How long a link that confirms an address is good").within("1min", "365days");
        RESET_LIFE: Duration = ConfigOption::new("reset-life", "30min", "How long a link that sets a password is good").within("1min", "30days");
        SIGN_UP_RATE: Rate = ConfigOption::new("sign-up-rate", "60/h", "Accounts that are made from one address, or one /64 of IPv6 (four times as many from a /48); beyond it 429").within("1/day", "1000000/s");
        MAIL_RATE: Rate = ConfigOption::new("mail-rate", "60/h", "Mails that are asked for from there, to confirm an address and to reset a password each; beyond it 429").within("1/day", "1000000/s");
        MAILS_PER_HOUR: NonZeroU32 = ConfigOption::new("mails-per-hour", "3", "Mails of one kind to one mailbox, and of its own to an account that has confirmed it").within("1", "1000");
        AVATARS: Avatars = ConfigOption::new("avatars", "none", "Where pictures of users come from: none or gravatar");
        THROTTLE_FREE_PER_PAIR: u32 = ConfigOption::new("throttle-free-per-pair", "5", "Refused sign-ins with one name from one address before delays begin").within("0", "10000");
        THROTTLE_FREE_PER_NAME: u32 = ConfigOption::new("throttle-free-per-name", "50", "Refused sign-ins with one name from anywhere before delays begin").within("0", "100000");
        THROTTLE_FREE_PER_ADDRESS: u32 = ConfigOption::new("throttle-free-per-address", "100", "Refused sign-ins from one address before delays begin").within("0", "1000000");
        THROTTLE_FIRST_DELAY: Duration = ConfigOption::new("throttle-first-delay", "1s", "The first delay; each refused sign-in doubles it").within("10ms", "1h");
        THROTTLE_MAX_DELAY: Duration = ConfigOption::new("throttle-max-delay", "30s", "The longest delay").within("10ms", "1day");
        THROTTLE_FORGET_AFTER: Duration = ConfigOption::new("throttle-forget-after", "15min", "How long after the last refused sign-in all is forgotten").within("1s", "30days");
        THROTTLE_TRUST_FOR: Duration = ConfigOption::new("throttle-trust-for", "30days", "How long after a sign-in, or after a link of a mail was used, the delays that others caused do not hold where its user came from").within("1s", "3650days");
        HASH_MEMORY: Size = ConfigOption::new("hash-memory", "19 MiB", "Memory of one password hash (Argon2id)").within("8 KiB", "1 GiB");
        HASH_ITERATIONS: NonZeroU32 = ConfigOption::new("hash-iterations", "2", "Passes of one password hash over its memory").within("1", "100");
        HASH_PARALLEL: NonZeroUsize = ConfigOption::new("hash-parallel", "", "Password hashes computed at once; without a value as many as there are cores").within("1", "1024");
    }
    "Limits" {
        REQUEST_LINE: Size = ConfigOption::new("request-line", "8 KiB", "A request line; beyond it 414").within("64 B", "16 KiB");
        HEADERS: Size = ConfigOption::new("headers", "16 KiB", "All headers of a request; beyond it 431").within("256 B", "32 KiB");
        MAX_BODY: Size = ConfigOption::new("max-body", "1 MiB", "A request body, for methods that set no own limit; beyond it 413").within("1 B", "1 GiB");
        UPLOAD: Size = ConfigOption::new("upload", "10 MiB", "An uploaded file, for methods that set no own limit; beyond it 413").within("1 B", "1024 GiB");
        MAX_DEPTH: NonZeroUsize = ConfigOption::new("max-depth", "128", "Levels of arrays and objects in a document; beyond it -32700").within("1", "192");
        MAX_VALUES: NonZeroUsize = ConfigOption::new("max-values", "100000", "Values in a document; beyond it -32700").within("1", "10000000");
        BATCH: NonZeroUsize = ConfigOption::new("batch", "50", "Requests in a JSON-RPC batch; beyond it -32600").within("1", "10000");
        CALL_TIMEOUT: Duration = ConfigOption::new("call-timeout", "30s", "How long a call may run, for methods that set no own limit; beyond it 504").within("10ms", "1day");
        FIRST_BYTE_TIMEOUT: Duration = ConfigOption::new("first-byte-timeout", "10s", "Until the first byte of a connection; beyond it it is closed").within("100ms", "1day");
        HEADERS_TIMEOUT: Duration = ConfigOption::new("headers-timeout", "10s", "Until the end of a request's headers; beyond it the connection is closed").within("100ms", "1day");
        BODY_TIMEOUT: Duration = ConfigOption::new("body-timeout", "60s", "Until the end of a request's body, or of a WebSocket message; beyond it the connection is closed").within("100ms", "1day");
        UNREAD_BODY: Size = ConfigOption::new("unread-body", "16 MiB", "Bytes of a body that its answer did not wait for, such as that of a refused upload, which are read and dropped; beyond it the connection is closed after the answer").within("1 B", "1 GiB");
        UNREAD_TIMEOUT: Duration = ConfigOption::new("unread-timeout", "10s", "How long that may take; beyond it the same").within("100ms", "10min");
        LINGER_TIMEOUT: Duration = ConfigOption::new("linger-timeout", "2s", "How long a connection that is closed within a request reads on, so that the client gets to see the answer").within("100ms", "1min");
        WRITE_TIMEOUT: Duration = ConfigOption::new("write-timeout", "30s", "Without progress in writing an answer; beyond it the connection, or the stream of HTTP/2, is closed").within("100ms", "1day");
        IDLE_TIMEOUT: Duration = ConfigOption::new("idle-timeout", "75s", "Between two requests of a connection; beyond it it is closed").within("100ms", "1day");
        WRITE_RATE: Size = ConfigOption::new("write-rate", "1 KiB", "What a client takes of an answer in a second, on average, after write-timeout; slower ones are given up").within("1 B", "1 GiB");
        CONNECTIONS: NonZeroU32 = ConfigOption::new("connections", "10000", "Connections in all, WebSockets aside; beyond it idle ones of whoever has most are closed").within("1", "1000000");
        CONNECTIONS_PER_NETWORK: NonZeroU32 = ConfigOption::new("connections-per-network", "1000", "Connections from one address, or one /64 of IPv6, trusted-proxies aside; beyond it they are closed").within("1", "1000000");
        MEMORY: Size = ConfigOption::new("memory", "320 MiB", "Bodies, decoded documents, answers and messages that are held for all callers, and 32 KiB a connection; beyond it the largest holder is closed, and others get 503").within("1 MiB", "1024 GiB");
        MEMORY_PER_NETWORK: Size = ConfigOption::new("memory-per-network", "64 MiB", "Of these, for one address, or one /64 of IPv6; beyond it 429").within("1 MiB", "1024 GiB");
        MEMORY_PER_CONNECTION: Size = ConfigOption::new("memory-per-connection", "32 MiB", "Of these, for one connection; beyond it 429, or close 1008").within("1 MiB", "1024 GiB");
        CALLS: NonZeroU32 = ConfigOption::new("calls", "4096", "Calls at once, a quarter of them without anybody who waits; beyond it 503").within("1", "1000000");
        CALLS_PER_NETWORK: NonZeroU32 = ConfigOption::new("calls-per-network", "1024", "Of these, from one address, or one /64 of IPv6; beyond it 429").within("1", "1000000");
        CALLS_PER_CONNECTION: NonZeroU32 = ConfigOption::new("calls-per-connection", "512", "Of these, of one connection; beyond it 429").within("1", "1000000");
        UPLOADS: NonZeroU32 = ConfigOption::new("uploads", "64", "Uploads at once, until their calls end; beyond it 503").within("1", "100000");
        UPLOADS_PER_NETWORK: NonZeroU32 = ConfigOption::new("uploads-per-network", "16", "Of these, from one address, or one /64 of IPv6; beyond it 429").within("1", "100000");
        WS_MESSAGE: Size = ConfigOption::new("ws-message", "1 MiB", "A WebSocket message; beyond it close 1009").within("64 B", "1 GiB");
        WS_PER_ADDRESS: NonZeroU32 = ConfigOption::new("ws-per-address", "1000", "WebSockets from one address, or one /64 of IPv6; beyond it 429").within("1", "1000000");
        WS_TOTAL: NonZeroU32 = ConfigOption::new("ws-total", "50000", "WebSockets in all; beyond it 429").within("1", "1000000");
        WS_SUBSCRIPTIONS: NonZeroUsize = ConfigOption::new("ws-subscriptions", "1000", "Names that one WebSocket subscribes to; beyond it -32802").within("1", "100000");
        WS_RUNNING: NonZeroUsize = ConfigOption::new("ws-running", "64", "Calls at once on one WebSocket; beyond it they wait").within("1", "10000");
        WS_WAITING: NonZeroUsize = ConfigOption::new("ws-waiting", "256", "Calls that wait on one WebSocket; beyond it -32802").within("1", "100000");
        WS_EVENTS: NonZeroUsize = ConfigOption::new("ws-events", "256", "Events that wait for the reader of one WebSocket; beyond it close 1008").within("1", "100000");
        WS_PING: Duration = ConfigOption::new("ws-ping", "30s", "Between two pings of a WebSocket").within("100ms", "12h");
        WS_SILENCE: Duration = ConfigOption::new("ws-silence", "75s", "Without anything from the client of a WebSocket; beyond it it is closed").within("200ms", "1day");
    }
}

options! {
    /// Every limit of one method, in its table of the file. Without a value the attribute's holds, then the default.
    METHOD_OPTIONS;
    "Methods" {
        METHOD_CONCURRENCY: NonZeroU32 = ConfigOption::new("concurrency", "", "Calls that run at the same time on a node; beyond it 429").within("1", "1000000");
        METHOD_CONCURRENCY_PER_USER: NonZeroU32 = ConfigOption::new("concurrency-per-user", "", "The same for one caller: a user, or a guest's address").within("1", "1000000");
        METHOD_RATE: Rate = ConfigOption::new("rate", "", "Calls over time for one caller; beyond it 429").within("1/day", "1000000/s");
        METHOD_TIMEOUT: Duration = ConfigOption::new("timeout", "", "How long a call may run; beyond it 504").within("10ms", "1day");
        METHOD_MAX_BODY: Size = ConfigOption::new("max-body", "", "A request body; beyond it 413").within("1 B", "1 GiB");
        METHOD_UPLOAD: Size = ConfigOption::new("upload", "", "An uploaded file; beyond it 413").within("1 B", "1024 GiB");
    }
}
