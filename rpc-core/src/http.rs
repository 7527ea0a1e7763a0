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
mod fallback;
mod faults;
mod front;
pub(crate) mod fuzz;
mod head;
mod io;
mod origin;
mod outgoing;
mod pages;
mod passing;
mod path;
mod peer;
mod plain;
mod query;
mod range;
mod received;
mod request;
mod request_body;
mod respond;
mod response_body;
mod route;
mod rpc;
mod serve;
mod served;
mod server;
mod service;
mod stream;
mod upload;
mod watch;

pub use ipnet::IpNet;

pub use self::address::{ForwardedHeader, TrustedProxies};
pub use self::faults::ServiceFault;
pub use self::front::{Direct, Front, Layered};
pub use self::peer::{ClientAddress, PeerAddress};
pub use self::received::ReceivedBody;
pub use self::served::ServedBody;
pub use self::server::{Connections, Server, Stopped};
pub use self::service::{HttpService, Readiness};

/// What `Allow` says: the verbs that are served.
const ALLOWED_VERBS: &str = "GET, HEAD, POST, OPTIONS";
