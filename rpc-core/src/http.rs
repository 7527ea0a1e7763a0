//! HTTP/1.1 and HTTP/2 (by prior knowledge): a [`tower` service](HttpService) that mounts anywhere, and a [`Server`] of its own.

mod address;
mod body;
mod carried;
mod compress;
mod connection;
mod content;
mod cors;
mod credentials;
mod envelope;
pub(crate) mod fuzz;
mod head;
mod io;
mod origin;
mod outgoing;
mod pages;
mod path;
mod plain;
mod prefix;
mod query;
mod range;
mod request;
mod request_body;
mod respond;
mod response_body;
mod route;
mod rpc;
mod serve;
mod server;
mod service;
mod stream;
mod upload;
mod watch;

pub use ipnet::IpNet;

pub use self::address::{ForwardedHeader, TrustedProxies};
pub use self::prefix::ServiceFault;
pub use self::response_body::ResponseBody;
pub use self::server::{Connections, Server, Stopped};
pub use self::service::{HttpService, Readiness};

/// What `Allow` says: the verbs that are served.
const ALLOWED_VERBS: &str = "GET, HEAD, POST, OPTIONS";
