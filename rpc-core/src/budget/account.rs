//! The account of one connection, or of one request that a proxy passes on.

use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use super::bounds::Held;
use super::exhausted::{Exhausted, Scope};
use super::network::Network;
use super::{Budget, Resource};

/// What one connection holds.
#[derive(Debug)]
pub(crate) struct Account {
    pub(super) id: u64,
    pub(super) budget: Arc<Budget>,
    pub(super) network: Arc<Network>,
    pub(super) held: Held,
    is_shed: AtomicBool,
    /// Whether its slot among the connections was given back.
    has_no_slot: AtomicBool,
    /// Whether somebody has signed in on it.
    is_known: AtomicBool,
    /// Whether there is a task that closes it when it is told to.
    is_watched: AtomicBool,
    waker: AtomicWaker,
}

/// A part of the budget; given back when dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    account: Arc<Account>,
    resource: Resource,
    amount: u64,
}

impl Account {
    pub(super) fn new(id: u64, budget: Arc<Budget>, network: Arc<Network>) -> Self {
        let [is_shed, has_no_slot, is_known, is_watched] = [false; 4].map(AtomicBool::new);
        Self {
            id,
            budget,
            network,
            held: Held::default(),
            is_shed,
            has_no_slot,
            is_known,
            is_watched,
            waker: AtomicWaker::new(),
        }
    }

    /// Takes a part of the budget.
    ///
    /// # Errors
    ///
    /// One of the bounds leaves no room, or the account was told to give way.
    pub(crate) fn take(self: &Arc<Self>, resource: Resource, amount: u64) -> Result<Hold, Exhausted> {
        match self.add(resource, amount) {
            Ok(()) => Ok(Hold { account: Arc::clone(self), resource, amount }),
            Err(scope) => Err(self.refused(resource, scope)),
        }
    }

    /// Takes a part of the budget, or none: a refusal is neither counted nor logged, since the caller has another way.
    pub(crate) fn try_take(self: &Arc<Self>, resource: Resource, amount: u64) -> Option<Hold> {
        self.add(resource, amount).is_ok().then(|| Hold { account: Arc::clone(self), resource, amount })
    }

    /// Grows or shrinks a hold of memory to the size that something has now.
    ///
    /// # Errors
    ///
    /// There is no room. What was held stays.
    pub(crate) fn resize(self: &Arc<Self>, hold: &mut Option<Hold>, bytes: u64) -> Result<(), Exhausted> {
        match hold {
            Some(hold) if hold.amount >= bytes => hold.shrink_to(bytes),
            Some(hold) => hold.grow(bytes - hold.amount)?,
            None if bytes == 0 => {}
            None => *hold = Some(self.take(Resource::Memory, bytes)?),
        }
        Ok(())
    }

    fn add(&self, resource: Resource, amount: u64) -> Result<(), Scope> {
        if self.is_shed() {
            return Err(Scope::Process);
        }
        let bound = self.budget.bounds.of(resource);
        // A connection that many share has what all have.
        let own = if self.network.address.is_some() { bound.connection } else { bound.process };
        if !self.held.add(resource, amount, own) {
            return Err(Scope::Connection);
        }
        if !self.network.add(resource, amount, bound.network) {
            self.held.remove(resource, amount);
            return Err(Scope::Network);
        }
        if let Err(scope) = self.budget.take(self, resource, amount) {
            self.network.held.remove(resource, amount);
            self.held.remove(resource, amount);
            return Err(scope);
        }
        Ok(())
    }

    fn remove(&self, resource: Resource, amount: u64) {
        self.held.remove(resource, amount);
        self.network.held.remove(resource, amount);
        self.budget.held.remove(resource, amount);
    }

    fn refused(&self, resource: Resource, scope: Scope) -> Exhausted {
        self.budget.refuse(resource, scope, self);
        Exhausted { resource, scope }
    }

    /// The network that it counts for; `None` when many share the account.
    pub(crate) fn network(&self) -> Option<IpAddr> {
        self.network.address
    }

    /// How much its network holds, or it alone where it counts for no network.
    pub(super) fn holding(&self, resource: Resource) -> u64 {
        if self.network.address.is_some() { self.network.held.of(resource) } else { self.held.of(resource) }
    }

    /// Asks the connection to close, to make room.
    pub(crate) fn shed(&self) {
        self.is_shed.store(true, Ordering::Release);
        self.waker.wake();
        // It is closed as soon as its task runs: whoever needs the slot need not wait for that.
        if self.held.of(Resource::Connections) > 0 {
            self.leave_slot();
        }
    }

    /// Gives the slot among the connections back, once.
    fn leave_slot(&self) {
        if !self.has_no_slot.swap(true, Ordering::AcqRel) {
            self.remove(Resource::Connections, 1);
        }
    }

    /// Whether the connection has to close, to make room.
    pub(crate) fn is_shed(&self) -> bool {
        self.is_shed.load(Ordering::Acquire)
    }

    /// Wakes the connection's task when it has to close.
    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.is_watched.store(true, Ordering::Relaxed);
        self.waker.register(cx.waker());
    }

    /// Waits until the request has to end, to make room.
    pub(crate) async fn until_shed(&self) {
        poll_fn(|cx| {
            self.register(cx);
            if self.is_shed() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Notes that somebody has signed in on the connection: others give way before it.
    pub(crate) fn knows_caller(&self) {
        self.is_known.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    /// Whether its end would give some of a resource back. A connection that a call runs on gives no slot back for another.
    pub(super) fn can_shed(&self, resource: Resource) -> bool {
        let is_idle = resource != Resource::Connections || self.held.of(Resource::Calls) == 0;
        is_idle && self.is_watched.load(Ordering::Relaxed) && !self.is_shed() && self.held.of(resource) > 0
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.budget.registry.close(self);
    }
}

impl Hold {
    /// Takes more of the resource.
    ///
    /// # Errors
    ///
    /// There is no room. What is held stays.
    pub(crate) fn grow(&mut self, more: u64) -> Result<(), Exhausted> {
        match self.account.add(self.resource, more) {
            Ok(()) => {
                self.amount += more;
                Ok(())
            }
            Err(scope) => Err(self.account.refused(self.resource, scope)),
        }
    }

    /// Gives a part back.
    pub(crate) fn shrink_to(&mut self, amount: u64) {
        if let Some(less) = self.amount.checked_sub(amount) {
            self.account.remove(self.resource, less);
            self.amount = amount;
        }
    }

    /// The account that holds it.
    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.account
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        match self.resource {
            Resource::Connections => self.account.leave_slot(),
            resource => self.account.remove(resource, self.amount),
        }
    }
}
