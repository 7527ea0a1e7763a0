//! Trusted networks in memory.

use std::collections::HashMap;
use std::net::IpAddr;

use async_trait::async_trait;
use rpc_core::Timestamp;

use super::MemoryStore;
use crate::model::UserId;
use crate::store::{NetworkStore, StoreError};

/// The networks of each user who has any, and until when they are trusted.
#[derive(Default)]
pub(super) struct Networks(HashMap<UserId, HashMap<IpAddr, Timestamp>>);

impl Networks {
    fn trust(&mut self, user: UserId, network: IpAddr, until: Timestamp, max: usize) {
        let networks = self.0.entry(user).or_default();
        let stored = networks.entry(network).or_insert(until);
        *stored = until.max(*stored);
        while networks.len() > max.max(1) {
            let others = networks.iter().filter(|(other, _)| **other != network);
            let Some(first) = others.min_by_key(|(other, until)| (**until, **other)).map(|(other, _)| *other) else {
                return;
            };
            networks.remove(&first);
        }
    }

    pub(super) fn remove_of(&mut self, user: UserId) {
        self.0.remove(&user);
    }

    fn purge(&mut self, ended: Timestamp) -> u64 {
        let count =
            |networks: &HashMap<UserId, HashMap<IpAddr, Timestamp>>| networks.values().map(HashMap::len).sum::<usize>();
        let before = count(&self.0);
        self.0.retain(|_, networks| {
            networks.retain(|_, until| *until >= ended);
            !networks.is_empty()
        });
        (before - count(&self.0)) as u64
    }
}

#[async_trait]
impl NetworkStore for MemoryStore {
    async fn trust_network(
        &self,
        user: UserId,
        network: IpAddr,
        until: Timestamp,
        max: usize,
    ) -> Result<(), StoreError> {
        let rows = &mut *self.write();
        if rows.users.user(user).is_some() {
            rows.networks.trust(user, network, until, max);
        }
        Ok(())
    }

    async fn is_trusted_network(&self, user: UserId, network: IpAddr, now: Timestamp) -> Result<bool, StoreError> {
        let networks = &self.read().networks.0;
        Ok(networks.get(&user).and_then(|networks| networks.get(&network)).is_some_and(|until| now < *until))
    }

    async fn purge_networks(&self, ended: Timestamp) -> Result<u64, StoreError> {
        Ok(self.write().networks.purge(ended))
    }
}
