//! The sockets that the server listens at.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::config::ServeConfig;
use crate::failure::{Exit, Failure};
use crate::naming;

/// Sockets that listen, on which nobody is answered yet.
pub(super) struct Sockets {
    pub(super) api: Socket,
    /// For those who ask for metrics.
    pub(super) metrics: Option<Socket>,
}

/// One of them, with its address and the real port.
pub(super) struct Socket {
    pub(super) listener: TcpListener,
    pub(super) address: SocketAddr,
}

impl Sockets {
    /// Listens at the configured addresses.
    pub(super) async fn bind(config: &ServeConfig) -> Result<Self, Failure> {
        let api = Socket::bind(config.address).await;
        let api = api.map_err(|error| cannot_bind(config.address, &error))?;
        let metrics = match config.metrics {
            None => None,
            Some(address) => {
                let bound = Socket::bind(address).await;
                Some(bound.map_err(|error| cannot_bind_metrics(address, &error))?)
            }
        };
        Ok(Self { api, metrics })
    }
}

impl Socket {
    async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { address: listener.local_addr()?, listener })
    }
}

fn cannot_bind(address: SocketAddr, error: &io::Error) -> Failure {
    let other = |port: u16| format!("Try: {} serve --port {port}", naming::name());
    let name = naming::name();
    let message = match error.kind() {
        ErrorKind::AddrInUse => format!("{address} is in use. {}", other(next_port(address))),
        ErrorKind::PermissionDenied => format!("{address} needs more rights than this user has. {}", other(8080)),
        ErrorKind::AddrNotAvailable => {
            format!("{} is no address of this machine. Try: {name} serve --bind 127.0.0.1", address.ip())
        }
        _ => format!("{address} cannot be listened on: {error}"),
    };
    Failure::new(Exit::Bind, message)
}

fn cannot_bind_metrics(address: SocketAddr, error: &io::Error) -> Failure {
    let message = match error.kind() {
        ErrorKind::AddrInUse => {
            let other = SocketAddr::new(address.ip(), next_port(address));
            format!("metrics-bind: {address} is in use. Try: {} serve --metrics-bind {other}", naming::name())
        }
        _ => format!("metrics-bind: {address} cannot be listened on: {error}"),
    };
    Failure::new(Exit::Bind, message)
}

/// The next port; after the last one, any.
fn next_port(address: SocketAddr) -> u16 {
    address.port().checked_add(1).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{cannot_bind, cannot_bind_metrics};

    #[test]
    fn an_address_that_cannot_be_bound_is_named_with_a_way_out() {
        for (address, error, message) in [
            (
                "127.0.0.1:8080",
                io::ErrorKind::AddrInUse,
                "127.0.0.1:8080 is in use. Try: app-template serve --port 8081",
            ),
            (
                "127.0.0.1:65535",
                io::ErrorKind::AddrInUse,
                "127.0.0.1:65535 is in use. Try: app-template serve --port 0",
            ),
            (
                "127.0.0.1:80",
                io::ErrorKind::PermissionDenied,
                "127.0.0.1:80 needs more rights than this user has. Try: app-template serve --port 8080",
            ),
            (
                "192.0.2.1:80",
                io::ErrorKind::AddrNotAvailable,
                "192.0.2.1 is no address of this machine. Try: app-template serve --bind 127.0.0.1",
            ),
        ] {
            let failure = cannot_bind(address.parse().unwrap(), &error.into());
            assert_eq!(failure.to_string(), format!("error: {message}"));
        }
    }

    #[test]
    fn an_address_for_metrics_is_named_with_its_setting() {
        let busy = cannot_bind_metrics("127.0.0.1:9090".parse().unwrap(), &io::ErrorKind::AddrInUse.into());
        let expected =
            "error: metrics-bind: 127.0.0.1:9090 is in use. Try: app-template serve --metrics-bind 127.0.0.1:9091";
        assert_eq!(busy.to_string(), expected);
        let foreign = cannot_bind_metrics("192.0.2.1:9090".parse().unwrap(), &io::ErrorKind::AddrNotAvailable.into());
        assert!(foreign.to_string().starts_with("error: metrics-bind: 192.0.2.1:9090 cannot be listened on: "));
    }
}
