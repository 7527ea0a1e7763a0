//! Who is at the other end of a request: told to the services around and behind an API, and learnt from the servers around it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

#[cfg(feature = "axum")]
use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap};

use super::service::HttpService;

/// The other end of a request's connection, among the extensions of the request.
///
/// [`Server`](super::Server) puts it there for the services around an API and for its
/// [fallback](super::HttpService::fallback). A server of another kind may put it there for an
/// [`HttpService`](super::HttpService), which then knows whom it serves. With the feature `axum`, axum's
/// `ConnectInfo<SocketAddr>` does the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// The address of a request's client, among the extensions of the request: that of the [peer](PeerAddress), or what a
/// [trusted proxy](super::HttpService::trusted_proxies) says. [`Server`](super::Server) puts it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The connection of a request that goes through other services.
#[derive(Clone)]
struct Connection(Arc<HttpService>);

impl HttpService {
    /// Tells another service of the other end.
    pub(super) fn tell(&self, headers: &HeaderMap, extensions: &mut Extensions) {
        let Some(peer) = self.peer_address() else { return };
        extensions.insert(PeerAddress(peer));
        if let Some(client) = self.client(headers) {
            extensions.insert(ClientAddress(client));
        }
        #[cfg(feature = "axum")]
        extensions.insert(ConnectInfo(peer));
    }

    /// Lets this service know the connection again, behind the services around it.
    pub(super) fn leave(self: &Arc<Self>, extensions: &mut Extensions) {
        extensions.insert(Connection(Arc::clone(self)));
    }

    /// A clone for a request from any server.
    pub(super) fn of_request(&self, extensions: &Extensions) -> Self {
        if self.peer_address().is_some() {
            return self.clone();
        }
        match extensions.get::<Connection>() {
            // The account of another API's budget is none of ours.
            Some(Connection(known)) if known.api().is(self.api()) => self.within(known),
            _ => peer(extensions).map_or_else(|| self.clone(), |peer| self.peer(peer.ip())),
        }
    }
}

/// The other end, as a server of any kind tells it.
fn peer(extensions: &Extensions) -> Option<SocketAddr> {
    let told = extensions.get::<PeerAddress>().map(|peer| peer.0);
    #[cfg(feature = "axum")]
    let told = told.or_else(|| extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0));
    told
}
