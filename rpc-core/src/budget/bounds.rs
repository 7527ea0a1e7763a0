//! The bounds of each resource, and counters that stay within them.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Resource;
use crate::limits::Limits;

/// How much of a resource may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) connection: u64,
    pub(super) network: u64,
    pub(super) process: u64,
}

/// The bounds of all resources.
#[derive(Debug)]
pub(super) struct Bounds([Bound; Resource::ALL.len()]);

impl Bounds {
    pub(super) fn new(limits: &Limits) -> Self {
        let memory = Bound {
            connection: limits.memory_per_connection,
            network: limits.memory_per_network,
            process: limits.memory,
        };
        let calls = Bound {
            connection: limits.calls_per_connection.into(),
            network: limits.calls_per_network.into(),
            process: limits.calls.into(),
        };
        // The rest of the calls are left to those that somebody waits for.
        let detached = Bound {
            connection: (calls.connection / 4).max(1),
            network: (calls.network / 4).max(1),
            process: (calls.process / 4).max(1),
        };
        let uploads = Bound {
            connection: limits.uploads_per_network.into(),
            network: limits.uploads_per_network.into(),
            process: limits.uploads.into(),
        };
        let connections =
            Bound { connection: 1, network: limits.connections_per_network.into(), process: limits.connections.into() };
        Self([memory, calls, detached, uploads, connections])
    }

    pub(super) fn of(&self, resource: Resource) -> Bound {
        self.0[resource as usize]
    }
}

/// What is held of each resource.
#[derive(Debug, Default)]
pub(super) struct Held([AtomicU64; Resource::ALL.len()]);

impl Held {
    pub(super) fn of(&self, resource: Resource) -> u64 {
        self.0[resource as usize].load(Ordering::Relaxed)
    }

    /// Adds, unless that goes beyond the bound. Two at the same moment may both be refused where one had room.
    pub(super) fn add(&self, resource: Resource, amount: u64, bound: u64) -> bool {
        let before = self.0[resource as usize].fetch_add(amount, Ordering::Relaxed);
        let fits = before.saturating_add(amount) <= bound;
        if !fits {
            self.remove(resource, amount);
        }
        fits
    }

    pub(super) fn remove(&self, resource: Resource, amount: u64) {
        self.0[resource as usize].fetch_sub(amount, Ordering::Relaxed);
    }
}
