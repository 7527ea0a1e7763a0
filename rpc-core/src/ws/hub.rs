//! All WebSockets of one `Api` on this node: delivers events to their audience, and changes of rights to their connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::frame::message;
use super::socket::Socket;
use crate::bus::{Listener, Notice, PublishedEvent};
use crate::codec::Codec;
use crate::events::{Event, PublishError, check_heard};
use crate::identity::{Identity, User};
use crate::jsonrpc;
use crate::limits::{Limits, network};

/// The pause between two log lines about events that are not delivered.
const TELLING: Duration = Duration::from_secs(1);

/// How many sockets recheck their credentials at a time.
const RECHECKS: usize = 16;

/// The registry of connections.
#[derive(Debug)]
pub(crate) struct Hub {
    sockets: Mutex<Sockets>,
    next: AtomicU64,
    queue: AtomicUsize,
    /// How often somebody's rights may have changed.
    changes: AtomicU64,
    /// Held while credentials are rechecked, so that those of all sockets, when notices were missed, leave room for calls.
    pub(super) rechecks: Semaphore,
    /// What this node declares, ordered by name.
    events: Arc<[Event]>,
    refused: Refused,
}

#[derive(Debug, Default)]
struct Sockets {
    by_id: HashMap<u64, Arc<Socket>>,
    slots: u32,
    slots_by_network: HashMap<IpAddr, u32>,
}

/// A slot below the limits of connections, whoever connects; given back when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    hub: Arc<Hub>,
    client: Option<IpAddr>,
}

/// The limit of connections that is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnectionLimit {
    /// Of all connections.
    Node,
    /// Of those from one address, or one /64 of IPv6.
    Address,
}

/// The registration of a connection with the hub; it ends when dropped.
#[derive(Debug)]
pub(super) struct Registration {
    slot: Slot,
    id: u64,
    pub(super) socket: Arc<Socket>,
}

impl Hub {
    /// An empty registry, for connections that get these events.
    pub(crate) fn new(events: Arc<[Event]>) -> Self {
        Self {
            events,
            refused: Refused::default(),
            sockets: Mutex::default(),
            next: AtomicU64::new(0),
            queue: AtomicUsize::new(0),
            changes: AtomicU64::new(0),
            rechecks: Semaphore::new(RECHECKS),
        }
    }

    /// Events that were heard and delivered to nobody.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.events.load(Ordering::Relaxed)
    }

    /// Takes a slot for one more connection.
    pub(super) fn slot(self: &Arc<Self>, client: Option<IpAddr>, limits: &Limits) -> Result<Slot, ConnectionLimit> {
        let mut sockets = self.lock();
        if sockets.slots >= limits.ws_total {
            return Err(ConnectionLimit::Node);
        }
        if let Some(address) = client {
            let count = sockets.slots_by_network.entry(network(address)).or_default();
            if *count >= limits.ws_per_address {
                return Err(ConnectionLimit::Address);
            }
            *count += 1;
        }
        sockets.slots += 1;
        Ok(Slot { hub: Arc::clone(self), client })
    }

    /// Connections at this moment.
    pub(crate) fn len(&self) -> usize {
        self.lock().by_id.len()
    }

    fn lock(&self) -> MutexGuard<'_, Sockets> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self, event: &PublishedEvent) {
        let max = self.queue.load(Ordering::Relaxed);
        let (audience, mut forms) = (Arc::new(event.audience.clone()), Forms::new(event));
        for socket in self.lock().by_id.values() {
            socket.hear(&audience, max, || forms.get(socket.codec(), socket.subscribes(&event.name)));
        }
    }

    /// How often somebody's rights may have changed so far. A connection that authenticated before a change and entered after
    /// it was not reached by it.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Makes the sockets of a user recheck their credentials; all sockets, if no user is named.
    fn recheck(&self, user_id: Option<&str>) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        for socket in self.lock().by_id.values() {
            let is_meant = |user: &User| user_id.is_none_or(|id| &*user.id == id);
            let is_meant = socket.rights().latest().user().is_some_and(is_meant);
            if is_meant {
                socket.doubt();
            }
        }
    }
}

impl Listener for Hub {
    fn hear(&self, notice: &Notice) {
        match notice {
            // What comes over the bus is no better than what is given to `publish`.
            Notice::Event(event) => match check_heard(&self.events, event) {
                Ok(()) => self.deliver(event),
                Err(error) => self.refused.add(&error),
            },
            Notice::User(id) => self.recheck(Some(id)),
            Notice::Missed => self.recheck(None),
            Notice::Other { .. } => {}
        }
    }
}

impl Slot {
    /// Registers a connection, whose peer was found by a check that began at this time.
    pub(super) fn enter(self, identity: Identity, checked_at: Instant, queue: usize) -> Registration {
        self.hub.queue.store(queue, Ordering::Relaxed);
        let id = self.hub.next.fetch_add(1, Ordering::Relaxed);
        let socket = Arc::new(Socket::new(identity, checked_at));
        self.hub.lock().by_id.insert(id, Arc::clone(&socket));
        Registration { slot: self, id, socket }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.slot.hub.lock().by_id.remove(&self.id);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut sockets = self.hub.lock();
        sockets.slots -= 1;
        let Some(network) = self.client.map(network) else { return };
        if let Some(count) = sockets.slots_by_network.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                sockets.slots_by_network.remove(&network);
            }
        }
    }
}

/// Events that were heard and are not what this node declares.
#[derive(Debug, Default)]
struct Refused {
    events: AtomicU64,
    told: Mutex<Option<Instant>>,
}

impl Refused {
    /// Counts one, and logs why, once a second.
    fn add(&self, error: &PublishError) {
        self.events.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|moment| now.duration_since(moment) >= TELLING) {
            *told = Some(now);
            drop(told);
            tracing::warn!(event = "events.refused", %error, "an event of another node is not delivered: {error}");
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::Instant;

    use super::{ConnectionLimit, Hub};
    use crate::identity::Identity;
    use crate::limits::Limits;

    #[test]
    fn sockets_are_counted_by_what_one_customer_has() {
        let hub = Arc::new(Hub::new(Arc::default()));
        let limits = Limits { ws_per_address: 2, ..Limits::default() };
        let slot = |client: &str| hub.slot(Some(client.parse().unwrap()), &limits);
        let (first, second) = (slot("2001:db8:0:1::1").unwrap(), slot("2001:db8:0:1:ffff::2").unwrap());
        assert_eq!(slot("2001:db8:0:1::3").err(), Some(ConnectionLimit::Address));
        let others = [slot("2001:db8:0:2::1"), slot("192.0.2.1"), slot("192.0.2.2")];
        assert!(others.iter().all(Result::is_ok));
        drop(first.enter(Identity::default(), Instant::now(), 1));
        assert!(slot("2001:db8:0:1::3").is_ok());
        drop((second, others));
        assert!(hub.lock().slots_by_network.is_empty());
    }

    #[test]
    fn sockets_are_counted_in_all() {
        let hub = Arc::new(Hub::new(Arc::default()));
        let limits = Limits { ws_total: 2, ..Limits::default() };
        let slot = |client: Option<&str>| hub.slot(client.map(|client| client.parse().unwrap()), &limits);
        let slots = [slot(None).unwrap(), slot(Some("192.0.2.1")).unwrap()];
        assert_eq!(
            (slot(None).err(), slot(Some("192.0.2.2")).err()),
            (Some(ConnectionLimit::Node), Some(ConnectionLimit::Node))
        );
        assert_eq!(hub.lock().slots_by_network.len(), 1);
        drop(slots);
        assert!(slot(None).is_ok());
    }
}
