//! Who holds something: accounts by their network, so that the largest holder can be found.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::account::Account;
use super::bounds::Held;
use super::{Budget, Resource};

/// What all accounts of a network hold together.
#[derive(Debug, Default)]
pub(super) struct Network {
    /// `None`: many share it, and it has no bound of its own.
    pub(super) address: Option<IpAddr>,
    pub(super) held: Held,
}

impl Network {
    pub(super) fn add(&self, resource: Resource, amount: u64, bound: u64) -> bool {
        self.held.add(resource, amount, if self.address.is_some() { bound } else { u64::MAX })
    }
}

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

/// Who holds most: one network, or one account of those that count for none.
pub(super) struct Holder {
    amount: u64,
    network: Arc<Network>,
    accounts: Vec<Arc<Account>>,
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

    /// Who holds most of a resource. An account that is dropped takes the lock: none is looked at while it is held.
    pub(super) fn largest(&self, resource: Resource) -> Option<Holder> {
        let (largest, shared) = {
            let open = self.lock();
            let networks = open.networks.values().filter(|members| members.network.address.is_some());
            let largest = networks.max_by_key(|members| members.network.held.of(resource));
            let largest = largest.map(|members| (Arc::clone(&members.network), members.accounts()));
            (largest, open.networks.get(&None).map(Members::accounts).unwrap_or_default())
        };
        let alone = shared.iter().filter_map(Weak::upgrade).max_by_key(|account| account.held.of(resource));
        let alone = alone.map(|account| Holder {
            amount: account.held.of(resource),
            network: Arc::clone(&account.network),
            accounts: vec![account],
        });
        let largest = largest.map(|(network, accounts)| Holder {
            amount: network.held.of(resource),
            network,
            accounts: accounts.iter().filter_map(Weak::upgrade).collect(),
        });
        largest.into_iter().chain(alone).max_by_key(|holder| holder.amount)
    }
}

impl Members {
    fn accounts(&self) -> Vec<Weak<Account>> {
        self.accounts.values().cloned().collect()
    }
}

impl Holder {
    /// Whether this is where an account belongs, or holds no more than it does.
    pub(super) fn is_at_most(&self, account: &Account, resource: Resource) -> bool {
        let own =
            if account.network().is_some() { account.network.held.of(resource) } else { account.held.of(resource) };
        let is_own = match account.network() {
            Some(_) => Arc::ptr_eq(&self.network, &account.network),
            None => self.accounts.iter().any(|other| other.id == account.id),
        };
        is_own || self.amount <= own
    }

    /// The connection that gives way: of connections the oldest without a call, of anything else the one that holds most.
    pub(super) fn victim(&self, resource: Resource) -> Option<Arc<Account>> {
        let open = self.accounts.iter().filter(|account| !account.is_shed());
        let victim = match resource {
            Resource::Connections => {
                let idle = open.filter(|account| account.held.of(Resource::Connections) > 0);
                idle.filter(|account| account.held.of(Resource::Calls) == 0).min_by_key(|account| account.id)
            }
            _ => open.max_by_key(|account| account.held.of(resource)),
        };
        victim.cloned()
    }
}
