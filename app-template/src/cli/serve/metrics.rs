//! Metrics beside the API, on an address of their own.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use crate::metrics::{Metrics, MetricsServer};

/// Serves metrics at a socket, as long as the process runs.
pub(super) fn serve(listener: TcpListener, metrics: Metrics) {
    // Nobody waits for it: metrics are there until the last moment, and no answer is worth a wait.
    TaskTracker::new().spawn(MetricsServer::new(listener, metrics).serve());
}

/// Logs where they are, for programs.
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
