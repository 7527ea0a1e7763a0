//! Admission of calls to one method: how many run at once, in all and for one caller, and how often one caller may.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::caller::CallerKey;
use super::method::EffectiveLimits;
use super::rate::RateTable;
use crate::clock::Clock;

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
    gate: Arc<Gate>,
    caller: Option<CallerKey>,
}

impl Permit {
    /// Admits a call. What a refused call took is given back, so that counters stay exact.
    pub(crate) fn acquire(
        gate: &Arc<Gate>,
        limits: &EffectiveLimits,
        caller: Option<CallerKey>,
        clock: &dyn Clock,
    ) -> Result<Self, Full> {
        gate.enter(limits.concurrency)?;
        let mut permit = Self { gate: Arc::clone(gate), caller: None };
        let Some(caller) = caller else { return Ok(permit) };
        if let Some(limit) = limits.concurrency_per_user {
            gate.enter_as(&caller, limit)?;
            permit.caller = Some(caller.clone());
        }
        if let Some(rate) = limits.rate {
            let mut table = gate.rate.lock().unwrap_or_else(PoisonError::into_inner);
            table.take(caller, rate, clock.elapsed()).map_err(Full::Rate)?;
        }
        Ok(permit)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.running.fetch_sub(1, Ordering::AcqRel);
        if let Some(caller) = &self.caller {
            self.gate.leave_as(caller);
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
