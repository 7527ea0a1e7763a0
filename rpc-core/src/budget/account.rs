//! The account of one connection, or of one request that a proxy passes on.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Context;

use futures_util::task::AtomicWaker;

use super::bounds::Held;
use super::exhausted::{Exhausted, Scope};
use super::registry::Network;
use super::{Budget, Resource};

/// What one connection holds.
#[derive(Debug)]
pub(crate) struct Account {
    pub(super) id: u64,
    pub(super) budget: Arc<Budget>,
    pub(super) network: Arc<Network>,
    pub(super) held: Held,
    is_shed: AtomicBool,
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
        let (is_shed, waker) = (AtomicBool::new(false), AtomicWaker::new());
        Self { id, budget, network, held: Held::default(), is_shed, waker }
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

    /// The same where something else is done when there is no room: nobody is told.
    pub(crate) fn try_take(self: &Arc<Self>, resource: Resource, amount: u64) -> Option<Hold> {
        self.add(resource, amount).is_ok().then(|| Hold { account: Arc::clone(self), resource, amount })
    }

    /// Makes a hold of memory as large as something has become.
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
        if !self.held.add(resource, amount, bound.connection) {
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

    /// The network that it counts for, if it is that of one.
    pub(crate) fn network(&self) -> Option<IpAddr> {
        self.network.address
    }

    /// Asks the connection to give way.
    pub(crate) fn shed(&self) {
        self.is_shed.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether the connection has to close, to make room.
    pub(crate) fn is_shed(&self) -> bool {
        self.is_shed.load(Ordering::Acquire)
    }

    /// Wakes the connection's task when it has to close.
    pub(crate) fn register(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.budget.registry.close(self);
    }
}

impl Hold {
    /// Takes more of the same.
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

    /// Becomes one with another of the same account and resource.
    pub(crate) fn and(mut self, mut other: Self) -> Self {
        self.amount += std::mem::take(&mut other.amount);
        self
    }

    /// Gives a part back.
    pub(crate) fn shrink_to(&mut self, amount: u64) {
        if let Some(less) = self.amount.checked_sub(amount) {
            self.account.remove(self.resource, less);
            self.amount = amount;
        }
    }

    /// Whose it is.
    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.account
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.account.remove(self.resource, self.amount);
    }
}
