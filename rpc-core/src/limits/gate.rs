//! Admission of calls to one method: how many run at once, in all and for one caller, and how often one caller may.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::rate::RateTable;
use super::{network, site};
use crate::clock::Clock;
use crate::identity::Identity;
use crate::method::Method;

/// Whom per-caller limits count: a user, or a guest's address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum CallerKey {
    /// A user, whatever their credentials.
    User(Box<str>),
    /// A guest; IPv6 addresses by their /64, which is what one customer holds (RFC 6177).
    Address(IpAddr),
    /// All guests of one /48 of IPv6 together.
    Site(IpAddr),
    /// A guest inside the process.
    Unknown,
}

impl CallerKey {
    pub(crate) fn new(identity: &Identity, address: Option<IpAddr>) -> Self {
        match (identity.user(), address) {
            (Some(user), _) => Self::User(user.id.clone()),
            (None, Some(address)) => Self::Address(network(address)),
            (None, None) => Self::Unknown,
        }
    }

    /// The site that a guest's network is one of many of.
    pub(crate) fn site(&self) -> Option<Self> {
        match self {
            Self::Address(address) if address.is_ipv6() => Some(Self::Site(site(*address))),
            _ => None,
        }
    }
}

/// Which limit refuses a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// Too many calls at once.
    Concurrency,
    /// Too many calls of this caller at once.
    ConcurrencyPerUser,
    /// Too many calls of this caller; the next one is admitted after this time.
    Rate(Duration),
}

/// The counters of one method.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    running: AtomicU32,
    running_by_caller: Mutex<HashMap<CallerKey, u32>>,
    rate: Mutex<RateTable>,
}

/// The right of one call to run; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    method: Arc<Method>,
    caller: Option<CallerKey>,
}

impl Permit {
    /// Admits a call. What a refused call took is given back, so that counters stay exact.
    pub(crate) fn acquire(method: &Arc<Method>, caller: Option<CallerKey>, clock: &dyn Clock) -> Result<Self, Full> {
        let limits = method.limits();
        method.gate.enter(limits.concurrency)?;
        let mut permit = Self { method: Arc::clone(method), caller: None };
        let Some(caller) = caller else { return Ok(permit) };
        if let Some(limit) = limits.concurrency_per_user {
            method.gate.enter_as(&caller, limit)?;
            permit.caller = Some(caller.clone());
        }
        if let Some(rate) = limits.rate {
            let mut table = method.gate.rate.lock().unwrap_or_else(PoisonError::into_inner);
            table.take(caller, rate, clock.elapsed()).map_err(Full::Rate)?;
        }
        Ok(permit)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let gate = &self.method.gate;
        gate.running.fetch_sub(1, Ordering::AcqRel);
        if let Some(caller) = &self.caller {
            gate.leave_as(caller);
        }
    }
}

impl Gate {
    /// Calls that run at this moment.
    pub(crate) fn running(&self) -> u32 {
        self.running.load(Ordering::Acquire)
    }

    fn enter(&self, limit: Option<u32>) -> Result<(), Full> {
        let limit = limit.unwrap_or(u32::MAX);
        let next = |running: u32| (running < limit).then_some(running + 1);
        match self.running.fetch_update(Ordering::AcqRel, Ordering::Acquire, next) {
            Ok(_) => Ok(()),
            Err(_) => Err(Full::Concurrency),
        }
    }

    fn enter_as(&self, caller: &CallerKey, limit: u32) -> Result<(), Full> {
        let mut running = self.running_by_caller.lock().unwrap_or_else(PoisonError::into_inner);
        match running.get_mut(caller) {
            Some(count) if *count >= limit => Err(Full::ConcurrencyPerUser),
            Some(count) => {
                *count += 1;
                Ok(())
            }
            None if limit == 0 => Err(Full::ConcurrencyPerUser),
            None => {
                running.insert(caller.clone(), 1);
                Ok(())
            }
        }
    }

    fn leave_as(&self, caller: &CallerKey) {
        let mut running = self.running_by_caller.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(caller) {
            *count -= 1;
            if *count == 0 {
                running.remove(caller);
            }
        }
    }
}
