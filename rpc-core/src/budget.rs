//! The budget of a process: it counts and bounds what callers make it hold, such as bytes, calls, uploads and connections.
//!
//! Whatever is held for somebody is taken from three bounds before it is made: that of its connection, that of the network that
//! the connection comes from, and that of the process. A [`Hold`] gives it back. When the process is full, the largest holder
//! gives way: its connection is closed. Whoever holds least is served from a reserve meanwhile.

mod account;
mod bounds;
mod exhausted;
mod network;
mod registry;
mod tally;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(crate) use self::account::{Account, Hold};
use self::bounds::{Bounds, Held};
pub(crate) use self::exhausted::Exhausted;
use self::exhausted::Scope;
use self::registry::Registry;
pub(crate) use self::tally::Tally;
use crate::clock::Clock;
use crate::limits::{Limits, network};

/// Bytes that an open connection is counted with: its buffers and its task.
pub(crate) const CONNECTION_BYTES: u64 = 32 * 1024;
/// Bytes that a request of HTTP/2 is counted with, beside its headers, until its answer is there.
pub(crate) const STREAM_BYTES: u64 = 8 * 1024;
/// Bytes that an open WebSocket is counted with.
pub(crate) const WEBSOCKET_BYTES: u64 = 8 * 1024;

/// The part of a bound of the process that is kept for those who hold little while the largest holder gives way.
const RESERVE: u64 = 8;
/// The pause between two searches for the largest holder: it needs a moment to give way, except for its slot, which it gives back
/// at once.
const SHED_PAUSE: Duration = Duration::from_millis(5);
const SLOT_PAUSE: Duration = Duration::from_millis(1);

/// A resource that callers make the process hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Bytes of bodies, of decoded documents, and of answers and messages that clients have not taken yet.
    Memory,
    /// Calls that run.
    Calls,
    /// Calls that run, but whose answer nobody waits for.
    Detached,
    /// Files that are being received, or that a call uses.
    Uploads,
    /// Open connections, without WebSockets.
    Connections,
}

impl Resource {
    /// All resources.
    pub const ALL: [Self; 5] = [Self::Memory, Self::Calls, Self::Detached, Self::Uploads, Self::Connections];

    /// The name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Calls => "calls",
            Self::Detached => "detached",
            Self::Uploads => "uploads",
            Self::Connections => "connections",
        }
    }
}

/// The account that a call is counted on, and the document that it came in, which is held until all of its calls have ended.
///
/// Transports make it. The one by default is that of calls from inside the process, for which nothing is counted.
#[derive(Debug, Clone, Default)]
pub struct Share {
    /// `None` for calls from inside the process, which have no bound.
    pub(crate) account: Option<Arc<Account>>,
    pub(crate) document: Option<Arc<Hold>>,
}

/// How much of a resource is held, and what was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceUse {
    /// The resource.
    pub resource: Resource,
    /// Held at this moment, in bytes or pieces.
    pub held: u64,
    /// The bound of the process.
    pub limit: u64,
    /// How often it was used up, since the `Api` was built.
    pub refused: u64,
    /// Connections that were closed to make room, since the `Api` was built.
    pub shed: u64,
}

/// The budget of a process: one for each `Api`.
#[derive(Debug)]
pub(crate) struct Budget {
    bounds: Bounds,
    held: Held,
    refused: [AtomicU64; Resource::ALL.len()],
    shed: [AtomicU64; Resource::ALL.len()],
    registry: Registry,
    clock: Arc<dyn Clock>,
    /// When the largest holder was last looked for, in nanoseconds of the clock, and how much it held.
    looked: AtomicU64,
    largest: [AtomicU64; Resource::ALL.len()],
    /// The second of the last line of the log, and what was refused or closed since.
    told: AtomicU64,
    untold: AtomicU64,
}

impl Budget {
    pub(crate) fn new(limits: &Limits, clock: Arc<dyn Clock>) -> Self {
        Self {
            bounds: Bounds::new(limits),
            held: Held::default(),
            refused: Default::default(),
            shed: Default::default(),
            registry: Registry::default(),
            clock,
            looked: AtomicU64::new(0),
            largest: Default::default(),
            told: AtomicU64::new(u64::MAX),
            untold: AtomicU64::new(0),
        }
    }

    /// Opens an account for an address, IPv6 by its /64; without an address, for many clients at once, such as a proxy's
    /// connection.
    pub(crate) fn account(self: &Arc<Self>, client: Option<IpAddr>) -> Arc<Account> {
        self.registry.open(self, client.map(network))
    }

    /// How much of each resource is held.
    pub(crate) fn uses(&self) -> [ResourceUse; Resource::ALL.len()] {
        Resource::ALL.map(|resource| ResourceUse {
            resource,
            held: self.held.of(resource),
            limit: self.bounds.of(resource).process,
            refused: self.refused[resource as usize].load(Ordering::Relaxed),
            shed: self.shed[resource as usize].load(Ordering::Relaxed),
        })
    }

    /// Takes from the bound of the process. When it is used up, the largest holder gives way to whoever holds less, who is
    /// served from the reserve.
    fn take(&self, account: &Account, resource: Resource, amount: u64) -> Result<(), Scope> {
        let bound = self.bounds.of(resource).process;
        if self.held.add(resource, amount, bound) {
            return Ok(());
        }
        // Who would wait for room closes nothing.
        let is_largest = resource == Resource::Detached || self.shed_largest(account, resource, amount);
        if !is_largest && self.held.add(resource, amount, bound + (bound / RESERVE).max(1)) {
            return Ok(());
        }
        Err(Scope::Process)
    }

    /// Makes the largest holder give way, unless that was just done. Returns whether that holder is the account's own.
    fn shed_largest(&self, account: &Account, resource: Resource, amount: u64) -> bool {
        let now = u64::try_from(self.clock.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let looked = self.looked.load(Ordering::Relaxed);
        let pause = if resource == Resource::Connections { SLOT_PAUSE } else { SHED_PAUSE };
        let is_due = looked == 0 || Duration::from_nanos(now.saturating_sub(looked)) >= pause;
        if !is_due {
            // The look is as long as there are holders: between two of them the last one has to do.
            let before = account.holding(resource).saturating_sub(amount);
            return before > self.largest[resource as usize].load(Ordering::Relaxed);
        }
        self.looked.store(now.max(1), Ordering::Relaxed);
        let Some(largest) = self.registry.largest(resource) else { return false };
        self.largest[resource as usize].store(largest.amount, Ordering::Relaxed);
        if largest.is_at_most(account, resource, amount) {
            return true;
        }
        largest.victim.shed();
        self.shed[resource as usize].fetch_add(1, Ordering::Relaxed);
        self.tell("shed", resource, Scope::Process, &largest.victim);
        false
    }

    /// Makes an idle connection of whoever has most give way, when the system has no room for another.
    pub(crate) fn shed_idle(&self) {
        let resource = Resource::Connections;
        if let Some(largest) = self.registry.largest(resource) {
            largest.victim.shed();
            self.shed[resource as usize].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts that there was no room, and logs it once a second.
    fn refuse(&self, resource: Resource, scope: Scope, account: &Account) {
        self.refused[resource as usize].fetch_add(1, Ordering::Relaxed);
        self.tell("refused", resource, scope, account);
    }

    fn tell(&self, what: &'static str, resource: Resource, scope: Scope, account: &Account) {
        let second = self.clock.elapsed().as_secs();
        self.untold.fetch_add(1, Ordering::Relaxed);
        if self.told.swap(second, Ordering::Relaxed) == second {
            return;
        }
        let times = self.untold.swap(0, Ordering::Relaxed);
        let (resource, limit) = (resource.name(), scope.limit_name(resource));
        let client = account.network().map(tracing::field::display);
        tracing::warn!(
            event = "budget.full",
            what,
            resource,
            limit,
            client,
            times,
            "there was no room for all callers"
        );
    }
}

#[cfg(test)]
mod tests;
