//! How much a network holds.

use std::net::IpAddr;

use super::Resource;
use super::bounds::Held;

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
