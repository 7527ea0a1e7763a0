//! Where guesses are counted.

use std::net::IpAddr;

use rpc_core::{Timestamp, network};
use sha2::{Digest, Sha256};

use super::guesses::Guesses;
use crate::throttle::table::{Key, Table};

/// What guesses are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Name and address.
    Pair,
    /// Name, from anywhere.
    Name,
    /// Address, with any name.
    Address,
}

/// Who tries to sign in. It is small: what takes as long as the login is done before the counts are locked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    login: [u8; 32],
    network: Option<IpAddr>,
}

impl Attempt {
    pub(super) fn new(login: &str, client: Option<IpAddr>) -> Self {
        let login = Sha256::digest(login.trim().to_lowercase().as_bytes()).into();
        Self { login, network: client.map(network) }
    }
}

/// The counts of each scope.
#[derive(Debug)]
pub(super) struct Counts([(Scope, Table<Guesses>); 3]);

/// Where one attempt is counted, in the order of the scopes. Nothing is counted by an address that is not known.
pub(super) struct Keys([Option<Key>; 3]);

impl Counts {
    pub(super) fn new(capacity: usize) -> Self {
        Self([Scope::Pair, Scope::Name, Scope::Address].map(|scope| (scope, Table::new(capacity))))
    }

    pub(super) fn keys(&self, attempt: Attempt) -> Keys {
        let Attempt { login, network } = attempt;
        let Self([(_, pairs), (_, names), (_, addresses)]) = self;
        Keys([Some(pairs.key((login, network))), Some(names.key(login)), network.map(|network| addresses.key(network))])
    }

    /// The counts that there are.
    pub(super) fn known(&mut self, keys: &Keys) -> impl Iterator<Item = (Scope, &mut Guesses)> {
        self.each(keys).filter_map(|(scope, table, key)| table.get_mut(key).map(|guesses| (scope, guesses)))
    }

    /// Changes each count, which is made if need be.
    pub(super) fn touch(&mut self, keys: &Keys, now: Timestamp, change: impl Fn(&mut Guesses)) {
        self.each(keys).for_each(|(_, table, key)| change(table.touch(key, now)));
    }

    /// Changes the counts that there are, and drops those that then count nothing.
    pub(super) fn settle(&mut self, keys: &Keys, change: impl Fn(Scope, &mut Guesses)) {
        for (scope, table, key) in self.each(keys) {
            let Some(guesses) = table.get_mut(key) else { continue };
            change(scope, guesses);
            if guesses.are_none() {
                table.remove(key);
            }
        }
    }

    pub(super) fn forget_until(&mut self, moment: Timestamp) {
        self.0.iter_mut().for_each(|(_, table)| table.forget_until(moment));
    }

    fn each(&mut self, keys: &Keys) -> impl Iterator<Item = (Scope, &mut Table<Guesses>, Key)> {
        let scopes = self.0.iter_mut().zip(keys.0);
        scopes.filter_map(|((scope, table), key)| key.map(|key| (*scope, table, key)))
    }
}
