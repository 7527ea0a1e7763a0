//! Who holds something: accounts by their network, so that the largest holder can be found.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::account::Account;
use super::bounds::Held;
use super::network::Network;
use super::{Budget, Resource};

/// The accounts that are open.
#[derive(Debug, Default)]
pub(super) struct Registry(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    networks: HashMap<Option<IpAddr>, Members>,
}

#[derive(Debug, Default)]
struct Members {
    network: Arc<Network>,
    accounts: HashMap<u64, Weak<Account>>,
}

/// The holder that has to give way: its connection, and how much its network, or it alone, holds.
pub(super) struct Holder {
    pub(super) amount: u64,
    pub(super) victim: Arc<Account>,
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn open(&self, budget: &Arc<Budget>, address: Option<IpAddr>) -> Arc<Account> {
        let mut open = self.lock();
        open.next += 1;
        let id = open.next;
        let members = open.networks.entry(address).or_insert_with(|| Members {
            network: Arc::new(Network { address, held: Held::default() }),
            accounts: HashMap::new(),
        });
        let account = Arc::new(Account::new(id, Arc::clone(budget), Arc::clone(&members.network)));
        members.accounts.insert(id, Arc::downgrade(&account));
        account
    }

    pub(super) fn close(&self, account: &Account) {
        let mut open = self.lock();
        let address = account.network.address;
        let Some(members) = open.networks.get_mut(&address) else { return };
        members.accounts.remove(&account.id);
        if members.accounts.is_empty() {
            open.networks.remove(&address);
        }
    }

    /// Who holds most of a resource, of those that can give way: whoever has not signed in before users. An account that is dropped
    /// takes the lock: none is looked at while it is held.
    pub(super) fn largest(&self, resource: Resource) -> Option<Holder> {
        let open: Vec<(Arc<Network>, Vec<Weak<Account>>)> = {
            let open = self.lock();
            open.networks.values().map(|members| (Arc::clone(&members.network), members.accounts())).collect()
        };
        let holders = open.iter().flat_map(|(network, accounts)| {
            let accounts: Vec<Arc<Account>> = accounts.iter().filter_map(Weak::upgrade).collect();
            holders(network, &accounts, resource)
        });
        holders.max_by_key(|holder| (!holder.victim.is_known(), holder.amount, std::cmp::Reverse(holder.victim.id)))
    }
}

/// The connection of a network that gives way; of those that count for none each one that can.
fn holders(network: &Network, accounts: &[Arc<Account>], resource: Resource) -> Vec<Holder> {
    let able = accounts.iter().filter(|account| account.can_shed(resource));
    if network.address.is_none() {
        let alone = |account: &Arc<Account>| Holder { amount: account.held.of(resource), victim: Arc::clone(account) };
        return able.map(alone).collect();
    }
    // Whoever has not signed in, then the one that holds most, then the oldest.
    let order =
        |account: &&Arc<Account>| (!account.is_known(), account.held.of(resource), std::cmp::Reverse(account.id));
    let holder = |victim: &Arc<Account>| Holder { amount: network.held.of(resource), victim: Arc::clone(victim) };
    able.max_by_key(order).map(holder).into_iter().collect()
}

impl Members {
    fn accounts(&self) -> Vec<Weak<Account>> {
        self.accounts.values().cloned().collect()
    }
}

impl Holder {
    /// Whether whoever an account counts for holds at least as much, what it asks for aside.
    pub(super) fn is_at_most(&self, account: &Account, resource: Resource, amount: u64) -> bool {
        let is_own = match account.network() {
            Some(_) => Arc::ptr_eq(&self.victim.network, &account.network),
            None => self.victim.id == account.id,
        };
        let is_larger = self.amount < account.holding(resource).saturating_sub(amount);
        // Who has signed in is served before whoever has not.
        is_own || (is_larger && (self.victim.is_known() || !account.is_known()))
    }
}
