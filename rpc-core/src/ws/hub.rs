//! All WebSockets of one `Api` on this node: events find their audience here, and changed rights their connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::socket::Socket;
use crate::bus::{Listener, Notice, PublishedEvent};
use crate::codec::Codec;
use crate::identity::{Identity, User};
use crate::jsonrpc;
use crate::limits::network;

/// How many sockets look at their credentials again at a time.
const RECHECKS: usize = 16;

/// The registry of connections.
#[derive(Debug)]
pub(crate) struct Hub {
    sockets: Mutex<Sockets>,
    next: AtomicU64,
    queue: AtomicUsize,
    /// How often somebody's rights may have changed.
    changes: AtomicU64,
    /// Held while credentials are looked at again, so that those of all sockets, when notices were missed, leave room for calls.
    pub(super) rechecks: Semaphore,
}

#[derive(Debug, Default)]
struct Sockets {
    by_id: HashMap<u64, Arc<Socket>>,
    by_network: HashMap<IpAddr, u32>,
}

/// A connection's place in the hub; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    hub: Arc<Hub>,
    id: u64,
    pub(super) socket: Arc<Socket>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            sockets: Mutex::default(),
            next: AtomicU64::new(0),
            queue: AtomicUsize::new(0),
            changes: AtomicU64::new(0),
            rechecks: Semaphore::new(RECHECKS),
        }
    }
}

impl Hub {
    /// Takes a connection in; `None` when its address, or its /64 of IPv6, has as many as it may.
    pub(super) fn enter(
        self: &Arc<Self>,
        identity: Identity,
        client: Option<IpAddr>,
        per_address: u32,
        queue: usize,
    ) -> Option<Place> {
        self.queue.store(queue, Ordering::Relaxed);
        let mut sockets = self.lock();
        if let Some(address) = client {
            let count = sockets.by_network.entry(network(address)).or_default();
            if *count >= per_address {
                return None;
            }
            *count += 1;
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let socket = Arc::new(Socket::new(identity, client));
        sockets.by_id.insert(id, Arc::clone(&socket));
        drop(sockets);
        Some(Place { hub: Arc::clone(self), id, socket })
    }

    /// Connections at this moment.
    pub(crate) fn len(&self) -> usize {
        self.lock().by_id.len()
    }

    fn lock(&self) -> MutexGuard<'_, Sockets> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self, event: &PublishedEvent) {
        let most = self.queue.load(Ordering::Relaxed);
        let mut forms = Forms::new(event);
        for socket in self.lock().by_id.values() {
            if event.audience.includes(&socket.identity()) {
                let message = forms.get(socket.codec(), socket.subscribes(&event.name));
                socket.outbox.push_event(message, most);
            }
        }
    }

    /// How often somebody's rights may have changed so far. A connection that authenticated before a change and entered after
    /// it was not reached by it.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Lets the sockets of a user look at their credentials again; those of all, if none is named.
    fn recheck(&self, user_id: Option<&str>) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        for socket in self.lock().by_id.values() {
            let is_meant = |user: &User| user_id.is_none_or(|id| &*user.id == id);
            if socket.identity().user().is_some_and(is_meant) {
                socket.outbox.push_recheck();
            }
        }
    }
}

impl Listener for Hub {
    fn hear(&self, notice: &Notice) {
        match notice {
            Notice::Event(event) => self.deliver(event),
            Notice::User(id) => self.recheck(Some(id)),
            Notice::Missed => self.recheck(None),
            Notice::Other { .. } => {}
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut sockets = self.hub.lock();
        sockets.by_id.remove(&self.id);
        let Some(network) = self.socket.client.map(network) else { return };
        if let Some(count) = sockets.by_network.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                sockets.by_network.remove(&network);
            }
        }
    }
}

/// An event's frames: encoded once for each codec and form, and only those that somebody needs.
struct Forms<'e> {
    event: &'e PublishedEvent,
    encoded: [[Option<Message>; 2]; 2],
}

impl<'e> Forms<'e> {
    fn new(event: &'e PublishedEvent) -> Self {
        Self { event, encoded: Default::default() }
    }

    /// `/event`, or `/publish` for those who subscribe to the name.
    fn get(&mut self, codec: Codec, subscribes: bool) -> Message {
        let event = self.event;
        let form = &mut self.encoded[usize::from(codec == Codec::MsgPack)][usize::from(subscribes)];
        form.get_or_insert_with(|| {
            let method = if subscribes { "/publish" } else { "/event" };
            let name = Value::from(&*event.name);
            let params: Vec<Value> = std::iter::once(name).chain(event.payload.clone()).collect();
            message(codec, jsonrpc::encode_method(codec, None, method, Some(&params)))
        })
        .clone()
    }
}

/// Encoded bytes as a frame of their codec.
pub(super) fn message(codec: Codec, bytes: Vec<u8>) -> Message {
    match codec {
        Codec::Json => Utf8Bytes::try_from(bytes).map_or_else(|_| Message::text(""), Message::Text),
        Codec::MsgPack => Message::binary(bytes),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Hub;
    use crate::identity::Identity;

    #[test]
    fn sockets_are_counted_by_what_one_customer_has() {
        let hub = Arc::new(Hub::default());
        let enter = |client: &str| hub.enter(Identity::default(), Some(client.parse().unwrap()), 2, 1);
        let (first, second) = (enter("2001:db8:0:1::1"), enter("2001:db8:0:1:ffff::2"));
        assert!(first.is_some() && second.is_some() && enter("2001:db8:0:1::3").is_none());
        let others = [enter("2001:db8:0:2::1"), enter("192.0.2.1"), enter("192.0.2.2")];
        assert!(others.iter().all(Option::is_some));
        drop(first);
        assert!(enter("2001:db8:0:1::3").is_some());
        drop((second, others));
        assert!(hub.lock().by_network.is_empty());
    }
}
