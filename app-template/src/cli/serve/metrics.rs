//! Metrics beside the API, on an address of their own.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio_util::task::TaskTracker;

use crate::cli::NAME;
use crate::failure::{Exit, Failure};
use crate::metrics::{Metrics, MetricsServer};

/// Serves metrics as long as the process runs, if they are wanted; the address with the real port.
pub(super) async fn serve(address: Option<SocketAddr>, metrics: Metrics) -> Result<Option<SocketAddr>, Failure> {
    let Some(address) = address else { return Ok(None) };
    let server = MetricsServer::bind(metrics, address).await.map_err(|error| cannot_bind(address, &error))?;
    let address = server.local_addr().map_err(|error| cannot_bind(address, &error))?;
    // Nobody waits for it: metrics are there until the last moment, and no answer is worth a wait.
    TaskTracker::new().spawn(server.serve());
    Ok(Some(address))
}

/// Tells programs where they are.
pub(super) fn listening(address: SocketAddr) {
    let url = url(address);
    tracing::info!(event = "metrics.listening", url, "metrics are at {url}");
}

/// Warns when others can read them.
pub(super) fn warn_of_others(address: SocketAddr) {
    if !address.ip().is_loopback() {
        let hint = "with a loopback address in --metrics-bind they cannot";
        tracing::warn!(event = "metrics.public", %address, "others can read the metrics at {address}; {hint}");
    }
}

/// Where metrics are.
pub(super) fn url(address: SocketAddr) -> String {
    format!("http://{address}/metrics")
}

fn cannot_bind(address: SocketAddr, error: &io::Error) -> Failure {
    let message = match error.kind() {
        ErrorKind::AddrInUse => {
            let other = SocketAddr::new(address.ip(), address.port().checked_add(1).unwrap_or(0));
            format!("metrics-bind: {address} is in use. Try: {NAME} serve --metrics-bind {other}")
        }
        _ => format!("metrics-bind: {address} cannot be listened on: {error}"),
    };
    Failure::new(Exit::Bind, message)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::cannot_bind;

    #[test]
    fn an_address_that_cannot_be_bound_is_named_with_its_setting() {
        let busy = cannot_bind("127.0.0.1:9090".parse().unwrap(), &io::ErrorKind::AddrInUse.into());
        let expected =
            "error: metrics-bind: 127.0.0.1:9090 is in use. Try: app-template serve --metrics-bind 127.0.0.1:9091";
        assert_eq!(busy.to_string(), expected);
        let foreign = cannot_bind("192.0.2.1:9090".parse().unwrap(), &io::ErrorKind::AddrNotAvailable.into());
        assert!(foreign.to_string().starts_with("error: metrics-bind: 192.0.2.1:9090 cannot be listened on: "));
    }
}
